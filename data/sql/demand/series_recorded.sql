-- One row per SKU and site: first and last life sign, last recorded period; empty if none. Periods are
-- dates as written, in no time zone; counts of stock are in local time: of the site, else of the count.
with zoned_sites as (
    select site, timezone from sites where known_at < $known_before
),
periods as (
    select sku, site, timezone('UTC', period_start) as begin_at from demand where known_at < $known_before
),
counted as (
    select sku, site, timezone(coalesce(zoned_sites.timezone, stock.timezone, '@{timezone}'), counted_at) as local_at
    from stock left join zoned_sites using (site)
    where known_at < $known_before
)
select sku, site, min(first_at) as first_at, max(last_at) as last_at, null::varchar as timezone,
       max(recorded_at) as recorded_at
from (
    select sku, site, min(begin_at) as first_at, max(begin_at) as last_at, last_at as recorded_at
    from periods group by sku, site
    union all
    select sku, site, min(local_at), max(local_at), null
    from counted group by sku, site
    union all
    select sku, site, null, null, null
    from plans where known_at < $known_before group by sku, site
)
group by sku, site
order by sku, site
