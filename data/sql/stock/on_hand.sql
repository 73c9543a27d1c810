-- One row per SKU and site whose stock was counted before a moment: the last count, what is on its way,
-- and what a unit costs and sells for, as far as known. Sorted by SKU and site.
with counted as (
    select sku, site, counted_at, on_hand, inbound, inbound_at
    from stock
    where known_at < $known_before and on_hand is not null
    qualify row_number() over (partition by sku, site order by counted_at desc, known_at desc) = 1
),
told as (
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
reached as (
    select site, arg_max(lead_time_days, known_at) as lead_time_days
    from sites
    where known_at < $known_before
    group by site
)
select counted.sku, counted.site, counted_at, on_hand, inbound, inbound_at,
       coalesce(told.unit_price, paid.unit_price, sold.unit_price) as unit_price, told.cost,
       lead_time_days
from counted
left join told using (sku)
left join paid on paid.sku = counted.sku
left join sold on sold.sku = counted.sku
left join reached using (site)
order by counted.sku, counted.site
