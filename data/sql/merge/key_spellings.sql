-- One row per key of a column in the former table, in the order in which they became known.
select "@{column}" as key
from former
where "@{column}" is not null
group by 1
order by min(known_at), 1
