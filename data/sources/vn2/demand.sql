-- One row per shop, product and week, of the newest file that has the week. Known with the last
-- moment of the week. Flags of weeks after 8 April 2024 are placeholders: what was in stock then is
-- not known.
with weeks as (
    select * from (
        unpivot sales on columns(* exclude (Store, Product, _file, _row))
        into name week value units
    )
    qualify _file = max(_file) over (partition by Store, Product, week)
)
select Product as sku, Store as site, week as period_start, units,
       case when try_cast(week as date) > date '2024-04-08' then null
            when lower(flag) = 'true' then '1'
            when lower(flag) = 'false' then '0'
            else flag end as in_stock_share,
       try_cast(week as timestamp) + interval 7 days - interval 1 microsecond as known_at,
       _file, _row
from weeks left join _flags using (Store, Product, week)
