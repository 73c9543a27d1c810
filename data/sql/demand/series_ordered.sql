-- One row per SKU and site: first and last life sign in local time (empty if there was none), and of its
-- time zones the one in which it is earliest now: the site's, else the order's or count's, else the company's.
with zoned_sites as (
    select site, timezone from sites where known_at < $known_before
),
ordered as (
    select sku, coalesce(order_lines.site, 'all') as site, placed_at as life_at,
           coalesce(zoned_sites.timezone, orders.timezone, '@{timezone}') as zone
    from order_lines
    join orders using (order_id)
    left join zoned_sites on zoned_sites.site = order_lines.site
    where order_lines.known_at < $known_before and orders.known_at < $known_before
),
counted as (
    select sku, site, counted_at as life_at, coalesce(zoned_sites.timezone, stock.timezone, '@{timezone}') as zone
    from stock left join zoned_sites using (site)
    where known_at < $known_before
),
signs as (
    select sku, site, zone, min(life_at) as first_at, max(life_at) as last_at
    from (select * from ordered union all select * from counted)
    group by all
)
select sku, site, min(timezone(zone, first_at)) as first_at, max(timezone(zone, last_at)) as last_at,
       arg_min(zone, timezone(zone, $known_before)) as timezone, null::timestamp as recorded_at
from (
    select * from signs
    union all
    select distinct sku, site, null, null::timestamptz, null::timestamptz
    from plans where known_at < $known_before
)
group by sku, site
order by sku, site
