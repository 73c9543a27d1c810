-- One row: the first day of the recorded periods and the fewest days between two of them.
select min(day) as first_on, min(day - before) as step_days
from (
    select day, lag(day) over (order by day) as before
    from (select distinct period_start::date as day from demand where known_at < $known_before)
)
