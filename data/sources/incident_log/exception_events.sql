-- One row per incident, row of the log and thing that this row changed.
with changes as (
    select *,
           lag(incident_state) over incident as state_before,
           lag(category) over incident as category_before,
           lag(assignment_group) over incident as team_before,
           lag(reopen_count) over incident as reopened_before
    from _steps
    window incident as (partition by number order by step)
),
named as (
    select *, unnest([
        case when assignment_group is distinct from team_before and assignment_group is not null
             then 'assigned' end,
        case when category is distinct from category_before and step > 1 then 'reclassified' end,
        case when incident_state like 'Awaiting%' and coalesce(state_before, '') not like 'Awaiting%'
             then 'paused' end,
        case when incident_state = 'Active' and state_before is distinct from 'Active'
             then 'started' end,
        case when incident_state = 'Resolved' and state_before is distinct from 'Resolved'
             then 'resolved' end,
        case when try_cast(reopen_count as integer) > try_cast(reopened_before as integer)
             then 'reopened' end
    ]) as event
    from changes
)
select number as exception_id,
       later_of(opened, updated) as occurred_at,
       step, event,
       assignment_group as team,
       sys_updated_by as "by",
       category, priority,
       _file, _row
from named
where event is not null
