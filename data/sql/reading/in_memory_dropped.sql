-- Drop the rows in memory.
drop table in_memory_rows
