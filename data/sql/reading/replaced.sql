-- The appended files replace the table; the part is dropped.
drop table if exists @{table};
alter table appended rename to @{table};
drop table part
