-- One row per shop, product and day, known with the last moment of the day. `units` are scaled by the
-- publisher: they compare within the set, but nobody can count them.
-- Shops sell from 6 to 22, so that a day has 16 hours to be out of stock in; an empty shelf at night
-- costs next to no sales. The discount is the price over the list price, so 1 is full price; 0, in
-- one row of 250, is no price. A promotion is the publisher's activity.
select product_id::varchar as sku, store_id::varchar as site, day as period_start, units,
       case when try_cast(hours_out as double) is null then hours_out
            else (1 - hours_out::double / 16)::varchar end as in_stock_share,
       case when try_cast(discount as double) = 0 then null else discount::varchar end as price,
       activity_flag as promotion,
       try_cast(day as timestamp) + interval 1 day - interval 1 microsecond as known_at,
       _file, _row
from _days
