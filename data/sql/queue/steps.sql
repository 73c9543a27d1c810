-- One row per step in the handling of listed exceptions, as numbers: the exception's position, when,
-- which event, and the words that the codes stand for left to the reader.
select wanted.position::int as exception,
       epoch_ms(occurred_at) as at,
       event,
       team,
       "by"
from exception_events join wanted using (exception_id)
order by exception, occurred_at, step
