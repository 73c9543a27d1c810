-- One row per local hour of the day: how many orders were placed in it. Days without a time are left out.
with local_orders as (
    select timezone(coalesce(timezone, '@{timezone}'), placed_at) as local_at from orders
)
select hour(local_at) as hour, count(*) as orders
from local_orders
where (select count(distinct local_at - date_trunc('day', local_at)) from local_orders) > 1
group by 1
order by 1
