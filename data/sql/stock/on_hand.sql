-- One row per SKU and site whose stock was counted before a moment: the last count, what is on its way,
-- and the cost and price of a unit, where recorded. Sorted by SKU and site.
-- Inbound units due between the count and the moment are on hand. Units overdue at the count have no
-- date.
with counted as (
    select sku, site, counted_at, on_hand, inbound, inbound_at
    from stock
    where known_at < $known_before and on_hand is not null
    qualify row_number() over (partition by sku, site order by counted_at desc, known_at desc) = 1
),
arrived as (
    select * replace (
        on_hand + if(has_arrived, inbound, 0) as on_hand,
        if(has_arrived, 0, inbound) as inbound,
        if(inbound_at > $known_before, inbound_at, null) as inbound_at
    )
    from (
        select *, coalesce(inbound_at > counted_at and inbound_at <= $known_before, false) as has_arrived
        from counted
    )
),
listed as (
    select sku, arg_max(unit_price, known_at) as unit_price, arg_max(cost, known_at) as cost
    from products
    where known_at < $known_before
    group by sku
),
paid as (
    select sku, median(unit_price) as unit_price
    from order_lines
    where known_at < $known_before and unit_price > 0
    group by sku
),
sold as (
    select sku, median(price) as unit_price
    from demand
    where known_at < $known_before and price > 0
    group by sku
),
lead_times as (
    select site, arg_max(lead_time_days, known_at) as lead_time_days
    from sites
    where known_at < $known_before
    group by site
)
select arrived.sku, arrived.site, counted_at, on_hand, inbound, inbound_at,
       coalesce(listed.unit_price, paid.unit_price, sold.unit_price) as unit_price, listed.cost,
       lead_time_days
from arrived
left join listed using (sku)
left join paid on paid.sku = arrived.sku
left join sold on sold.sku = arrived.sku
left join lead_times using (site)
order by arrived.sku, arrived.site
