-- One row per hour of the day in UTC: how many orders were placed in it. Days without a time are left out.
select hour(placed_at) as hour, count(*) as orders
from orders
where (select count(distinct placed_at - date_trunc('day', placed_at)) from orders) > 1
group by 1
order by 1
