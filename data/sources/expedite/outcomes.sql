-- One row per exception with a recorded outcome, or with an automatic decision.
select exception_id,
       category, label_origin, suggestion_hidden,
       team, team_origin,
       resolved_at,
       touch_minutes, breached,
       loss_amount as loss, loss_currency as currency,
       outcome_known_at as known_at,
       _file, _row
from _exceptions
where outcome_known_at is not null
