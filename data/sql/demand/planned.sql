-- One row per planned row: number of its series, days since 1970, planned price and promotion.
select position::int as series, epoch(period_start)::bigint // 86400 as day,
       price::float as price, promotion::float as promotion
from plans join series using (sku, site)
where known_at < $known_before
