-- One row per day on which a recorded period of demand begins.
select distinct period_start::date as day
from demand
where known_at < $known_before
order by day
