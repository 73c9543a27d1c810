-- One row per staged row and reason not to take it that shows only beside the other rows.
-- Rows of one key that agree count once; of rows that contradict each other none is right for sure.
with doubled as (
    select hash(@{key}) as h from staged group by h having count(*) > 1
),
candidates as (
    select position, @{key}, hash(@{compared}) as content
    from staged semi join doubled on hash(@{key}) = doubled.h
),
judged as (
    select position,
           count(*) over same_key as copies,
           min(content) over same_key <> max(content) over same_key as differ,
           row_number() over (partition by @{key} order by position) as copy
    from candidates
    window same_key as (partition by @{key})
)
select position,
       case when differ then 'contradictory key' else 'duplicate' end as kind,
       case when differ then '@{key_words}: ' || copies || ' rows with this key contradict each other'
            else '@{key_words}: the very same row came before' end as reason
from judged
where differ or copy > 1
