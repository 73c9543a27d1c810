-- One row per event that moved a ticket on.
with changes as (
    select *,
           lag(activity) over ticket_steps as activity_before,
           lag(workgroup) over ticket_steps as team_before,
           lag(service_type) over ticket_steps as type_before
    from _steps
    window ticket_steps as (partition by ticket order by step)
),
named as (
    select *, unnest([
        case when workgroup is distinct from team_before then 'assigned' end,
        case when service_type is distinct from type_before and step > 1 then 'reclassified' end,
        case when activity_before = 'Resolve ticket' and activity not in ('Closed', 'Resolve ticket')
             then 'reopened' end,
        case activity when 'Take in charge ticket' then 'started'
                      when 'Wait' then 'paused'
                      when 'Resolve ticket' then 'resolved' end
    ]) as event
    from changes
)
select ticket as exception_id,
       completed as occurred_at,
       step, event,
       workgroup as team,
       resource as "by",
       service_type as category,
       seriousness as priority,
       _file, _row
from named
where event is not null
