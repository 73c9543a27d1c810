-- One row per recorded row of demand: number of its series, days since 1970, and its values.
select position::int as series, epoch_us(period_start) // 86400000000 as day, units::float as units,
       in_stock_share::float as in_stock_share, price::float as price, promotion::float as promotion
from demand join series using (sku, site)
where known_at < $known_before
