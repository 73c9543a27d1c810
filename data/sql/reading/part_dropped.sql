-- Drop the part that was read last.
drop table part
