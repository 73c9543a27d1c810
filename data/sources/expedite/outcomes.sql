-- One row per exception with a recorded outcome, or with an automatic decision.
select exception_id,
       category, label_origin, suggestion_hidden,
       team, team_origin,
       resolved_at,
       touch_minutes, breached,
       -- In the order's currency; what was lost in another can't be added up.
       case when loss_currency = coalesce(upper(carried->>'$.total.currency'), loss_currency)
            then loss_amount end as loss,
       outcome_known_at as known_at,
       _file, _row
from _exceptions
where outcome_known_at is not null
