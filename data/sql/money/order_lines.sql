-- Lines with the price in the company's currency, at the rate of the day on which the order was placed.
with dated as (
    select line.*, coalesce(line.currency, orders.currency, '@{currency}') as money_in,
           coalesce(placed_at, line.known_at) as money_at
    from stored_order_lines as line left join stored_orders as orders using (order_id)
)
select dated.* exclude (money_in, money_at) replace (unit_price * rate.factor as unit_price)
from dated
asof left join exchange_rates as rate on money_in = rate.currency and money_at >= rate.begin_at
