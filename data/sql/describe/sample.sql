-- A few rows of a table.
select * from @{table} using sample @{rows} rows (reservoir, 1)
