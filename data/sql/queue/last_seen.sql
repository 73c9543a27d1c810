-- The last moment of which the history knows anything about exceptions.
select epoch_ms(max(known_at)) as at
from (
    select max(known_at) as known_at from exceptions
    union all select max(known_at) from exception_events
    union all select max(known_at) from outcomes
)
