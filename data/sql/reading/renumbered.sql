-- One row per line that is taken, its number corrected for the refused lines before it.
with refused as (
    select distinct ("line" - 1)::bigint as place from rejected
),
behind as (
    select place - row_number() over (order by place) as taken_before from refused
),
skipped as (
    select taken_before, sum(count(*)) over (order by taken_before) as lines
    from behind group by taken_before
)
select part.* replace ((part._row + coalesce(skipped.lines, 0))::bigint as _row)
from part asof left join skipped on part._row > skipped.taken_before
order by part._row
