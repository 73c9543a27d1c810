-- One row per row of the files so far and of the next one, columns matched by name.
select * from @{table} union all by name select * from part
