-- The refused lines of one file are done with.
drop table if exists rejected;
drop table if exists rejected_scans
