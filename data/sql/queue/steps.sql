-- One row per handling step of selected exceptions, as numbers: position of the exception, time, event,
-- team and person.
select selected.position::int as exception,
       epoch_ms(occurred_at) as at,
       event,
       team,
       "by"
from exception_events join selected using (exception_id)
order by exception, occurred_at, step
