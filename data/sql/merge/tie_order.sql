-- One row per staged row, those of one @{id} and moment numbered in the order of their file, from 0 on.
with tied as (
    select hash(@{id}, @{time}) as h from before_tie_order group by h having count(*) > 1
),
ranks as (
    select position,
           row_number() over (partition by @{id}, @{time}, _file order by _row, position) - 1 as rank
    from before_tie_order semi join tied on hash(@{id}, @{time}) = tied.h
)
select before_tie_order.* replace (coalesce(ranks.rank, 0) as @{order})
from before_tie_order left join ranks using (position)
