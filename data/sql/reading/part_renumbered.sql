-- The renumbered rows take the place of the part.
drop table part;
alter table renumbered rename to part
