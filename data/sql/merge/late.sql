-- One row per arrived row that is older than another row of its key, here or in the history, by what
-- both say of when they were known. A row that does not say so itself is ordered by its arrival.
with doubled as (
    select hash(@{key}) as h from arrived group by h having count(*) > 1
),
newest as (
    select position, case when bool_and(dated) over same_key
                          then max(known_at) over same_key end as newer_at
    from arrived semi join doubled on hash(@{key}) = doubled.h
    window same_key as (partition by @{key})
    union all
    select accepted.position, former.known_at
    from arrived as accepted join former on @{same_key}
    where accepted.dated
)
select arrived.position, any_value(_file) as file, any_value(_row) as "row",
       any_value(known_at) as known_at, max(newer_at) as newer_at
from arrived join newest on arrived.position = newest.position and known_at < newer_at
group by arrived.position
