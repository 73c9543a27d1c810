-- One row per SKU, site and local day of order: units net of what was taken back later, and the mean
-- price. What was taken back counts on the day of the order; without units it is the whole line,
-- without a line the whole order. The time zone is the site's, else the order's, else the company's.
with taken_back as (
    select order_id, line_id, sum(coalesce(units, 'infinity'::double)) as units
    from order_events
    where event in ('canceled', 'returned') and known_at < $known_before
    group by order_id, line_id
),
zoned_sites as (
    select site, timezone from sites where known_at < $known_before
),
lines as (
    select sku, coalesce(order_lines.site, 'all') as site,
           timezone(coalesce(zoned_sites.timezone, orders.timezone, '@{timezone}'), placed_at) as local_at,
           order_lines.units, unit_price,
           case when whole.order_id is null
                then greatest(order_lines.units - coalesce(part.units, 0), 0) else 0 end as net_units
    from order_lines
    join orders using (order_id)
    left join zoned_sites on zoned_sites.site = order_lines.site
    left join taken_back as part
        on part.order_id = order_lines.order_id and part.line_id = order_lines.line_id
    left join taken_back as whole on whole.order_id = order_lines.order_id and whole.line_id = ''
    where order_lines.known_at < $known_before and orders.known_at < $known_before
),
days as (
    select sku, site, epoch_us(local_at) // 86400000000 as day, sum(net_units) as units,
           coalesce(
               sum(unit_price * units) / nullif(sum(units) filter (unit_price is not null), 0),
               avg(unit_price)
           ) as price
    from lines
    group by all
)
select position::int as series, day, units::float as units, null::float as in_stock_share,
       price::float as price, null::float as promotion
from days join series using (sku, site)
