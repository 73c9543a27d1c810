-- One row per row of a stored table, numbered.
select *, row_number() over () as position from stored
