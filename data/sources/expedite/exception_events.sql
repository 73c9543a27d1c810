-- One row per step: routed automatically, claimed, ended, reopened.
select exception_id,
       greatest(happened.occurred_at, detected::timestamptz) as occurred_at,
       step,
       case when kind in ('resolved', 'closed') then 'resolved'
            when kind = 'claimed' then 'started'
            when kind = 'created' then 'assigned'
            else kind end as event,
       happened.team,
       case when kind = 'created' then null else "by" end as "by",
       greatest(happened.known_at, happened.occurred_at, detected::timestamptz) as known_at,
       happened._file, happened._row
from happened join _exceptions using (exception_id)
where kind <> 'created' or happened.team is not null
