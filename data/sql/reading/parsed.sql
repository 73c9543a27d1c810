-- One row: the query as a tree, with the place of each call in its text.
select json_serialize_sql($sql) as tree
