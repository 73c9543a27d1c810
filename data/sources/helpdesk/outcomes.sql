-- One row per ticket that was resolved. It is closed about thirty days later, by a timer: the
-- closing says nothing of the work, so that the last resolution is the end.
with ends as (
    select ticket, max(step) as step
    from _steps
    where activity = 'Resolve ticket'
    group by ticket
)
select ticket as exception_id,
       completed as known_at,
       service_type as category,
       'typed' as label_origin,
       workgroup as team,
       seriousness as priority,
       completed as resolved_at,
       _file, _row
from _steps join ends using (ticket, step)
