-- One row per row of an object of R.
select *, $name as _file, row_number() over () as _row from r_object
