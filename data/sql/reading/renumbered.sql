-- One row per line that is accepted, its number corrected for the refused lines before it.
with refused as (
    select distinct ("line" - $above)::bigint as line_row from rejected
),
behind as (
    select line_row - row_number() over (order by line_row) as accepted_before from refused
),
skipped as (
    select accepted_before, sum(count(*)) over (order by accepted_before) as lines
    from behind group by accepted_before
)
select part.* replace ((part._row + coalesce(skipped.lines, 0))::bigint as _row)
from part asof left join skipped on part._row > skipped.accepted_before
order by part._row
