-- One row: number of late rows, and the first of them.
select count(*) as "rows", arg_min(file, position) as file, arg_min("row", position) as "row",
       arg_min(known_at, position)::varchar as known_at, arg_min(newer_at, position)::varchar as newer_at
from late
