-- One row per SKU and site: first and last life sign; empty if there was none.
select sku, site, min(first_at) as first_at, max(last_at) as last_at, null::timestamptz as recorded_at
from (
    select sku, coalesce(site, 'all') as site, min(placed_at) as first_at, max(placed_at) as last_at
    from order_lines join orders using (order_id)
    where order_lines.known_at < $known_before and orders.known_at < $known_before
    group by all
    union all
    select sku, site, min(counted_at), max(counted_at)
    from stock where known_at < $known_before group by sku, site
    union all
    select sku, site, null, null
    from plans where known_at < $known_before group by sku, site
)
group by sku, site
order by sku, site
