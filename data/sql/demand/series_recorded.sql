-- One row per SKU and site: first and last life sign, last recorded period; empty if none.
select sku, site, min(first_at) as first_at, max(last_at) as last_at, max(recorded_at) as recorded_at
from (
    select sku, site, min(period_start) as first_at, max(period_start) as last_at, last_at as recorded_at
    from demand where known_at < $known_before group by sku, site
    union all
    select sku, site, min(counted_at), max(counted_at), null
    from stock where known_at < $known_before group by sku, site
    union all
    select sku, site, null, null, null
    from plans where known_at < $known_before group by sku, site
)
group by sku, site
order by sku, site
