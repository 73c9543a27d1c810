-- Outcomes with the loss in the company's currency, at the rate of the day of the resolution.
with dated as (
    select outcome.*, coalesce(outcome.currency, orders.currency, '@{currency}') as money_in,
           coalesce(resolved_at, outcome.known_at) as money_at
    from stored_outcomes as outcome
    left join stored_exceptions as raised using (exception_id)
    left join stored_orders as orders using (order_id)
)
select dated.* exclude (money_in, money_at) replace (loss * rate.factor as loss)
from dated
asof left join exchange_rates as rate on money_in = rate.currency and money_at >= rate.begin_at
