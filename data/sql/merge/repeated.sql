-- One row: number of accepted rows that the history holds already, the same or with other content.
-- Numbers stand for keys and contents, so that the largest history fits in little memory.
with repeated as (
    select min(content) = max(content) as same
    from (
        select hash(@{key}) as key, hash(@{columns}) as content from accepted
        union all
        select hash(@{key}), hash(@{columns}) from former
    )
    group by key
    having count(*) = 2
)
select count(*) filter (where same) as unchanged, count(*) filter (where not same) as updated
from repeated
