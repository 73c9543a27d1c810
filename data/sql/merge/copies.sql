-- One row per staged row, with its number among the rows of equal content in its file, from 0 on.
-- A row without a key of its own counts as often as one file holds it: the same row in a second file,
-- or in a later import, gets the same number and is the same row. The moment it was known is no content.
with doubled as (
    select hash(@{content}) as h from before_copies group by h having count(*) > 1
),
copies as (
    select position, row_number() over (partition by @{content}, _file order by position) - 1 as number
    from before_copies semi join doubled on hash(@{content}) = doubled.h
)
select before_copies.* replace (coalesce(copies.number, 0) as @{number})
from before_copies left join copies using (position)
