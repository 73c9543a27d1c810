-- One row per planned row: number of its series, days since 1970, planned price and promotion.
select position::int as series, epoch_us(period_start) // 86400000000 as day,
       price::float as price, promotion::float as promotion
from plans join series using (sku, site)
where known_at < $known_before
