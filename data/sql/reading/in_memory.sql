-- One row per row of a table in memory, with the name of its origin.
select * exclude (_row), $name as _file, _row from in_memory_rows
