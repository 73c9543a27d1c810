-- One row per table and time zone of its days: how many rows have it. A site goes before the others.
select "table", coalesce(timezone, if("table" = 'sites', 'that of orders', '@{timezone}, none given')) as zone,
       count(*) as rows
from (
    select 'orders' as "table", timezone from orders
    union all select 'stock', timezone from stock
    union all select 'sites', timezone from sites
)
group by all
order by "table", rows desc, zone
