-- One row: for each column of a table how many rows have a value.
select count(*) as "rows", @{counts} from merged
