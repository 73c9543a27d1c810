-- Drop the rejects of one file.
drop table if exists rejected;
drop table if exists rejected_scans
