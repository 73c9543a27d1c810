-- One row per incident whose last row is its closing; the others have not ended yet.
-- made_sla is true until the moment it is broken, so that only the last row has the answer.
with ends as (
    select number, max(step) as step,
           arg_max(updated, step) filter (incident_state = 'Resolved') as resolved
    from _steps
    group by number
)
select number as exception_id,
       later_of(opened, updated) as known_at,
       category,
       'typed' as label_origin,
       assignment_group as team,
       priority,
       coalesce(ends.resolved, finally_resolved) as resolved_at,
       not try_cast(made_sla as boolean) as breached,
       _file, _row
from _steps join ends using (number, step)
where incident_state = 'Closed'
