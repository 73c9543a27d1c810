-- One row: the time of the last record about exceptions in the history.
select epoch_ms(max(known_at)) as at
from (
    select max(known_at) as known_at from exceptions
    union all select max(known_at) from exception_events
    union all select max(known_at) from outcomes
)
