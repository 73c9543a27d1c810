-- The files read so far take the place of the table; the part is done with.
drop table if exists @{table};
alter table appended rename to @{table};
drop table part
