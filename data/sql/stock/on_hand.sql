-- One row per SKU and site whose stock was counted before a moment: the last count, what is on its way,
-- and what a unit costs and sells for, as far as known. Sorted by SKU and site.
-- What was to come between the count and the moment is there; what was overdue at the count has no
-- date any more.
with counted as (
    select sku, site, counted_at, on_hand, inbound, inbound_at
    from stock
    where known_at < $known_before and on_hand is not null
    qualify row_number() over (partition by sku, site order by counted_at desc, known_at desc) = 1
),
coming as (
    select * replace (
        on_hand + if(has_come, inbound, 0) as on_hand,
        if(has_come, 0, inbound) as inbound,
        if(inbound_at > $known_before, inbound_at, null) as inbound_at
    )
    from (
        select *, coalesce(inbound_at > counted_at and inbound_at <= $known_before, false) as has_come
        from counted
    )
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
select coming.sku, coming.site, counted_at, on_hand, inbound, inbound_at,
       coalesce(told.unit_price, paid.unit_price, sold.unit_price) as unit_price, told.cost,
       lead_time_days
from coming
left join told using (sku)
left join paid on paid.sku = coming.sku
left join sold on sold.sku = coming.sku
left join reached using (site)
order by coming.sku, coming.site
