-- One row per exception detected before a moment, with all later facts: how it was raised, its order,
-- how it ended. Exceptions before the period are included only if they were still open at its begin.
select exceptions.exception_id,
       epoch_ms(exceptions.detected_at) as detected_at,
       coalesce(epoch_ms(exceptions.due_at), $never) as due_at,
       coalesce(exceptions.type, '') as type,
       coalesce(exceptions.severity, '') as severity,
       coalesce(orders.customer_segment, '') as segment,
       orders.total as order_value,
       coalesce(outcomes.category, '') as category,
       outcomes.team,
       coalesce(epoch_ms(outcomes.resolved_at), $never) as resolved_at,
       outcomes.touch_minutes,
       outcomes.breached::double as breached,
       coalesce(epoch_ms(outcomes.breached_at), $never) as breached_at,
       outcomes.loss,
       coalesce(outcomes.healed_itself, false) as healed
from exceptions
left join orders using (order_id)
left join outcomes using (exception_id)
where exceptions.detected_at < $until
  and (exceptions.detected_at >= $since
       or coalesce(outcomes.resolved_at >= $since, true))
order by exceptions.detected_at, exceptions.exception_id
