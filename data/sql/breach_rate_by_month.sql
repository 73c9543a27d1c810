-- One row per month in which exceptions were detected: how many, how many have a known verdict, and
-- the share of these that broke their promise, each weighted as its order is.
select strftime(exceptions.detected_at, '%Y-%m') as month,
       count(*) as exceptions,
       count(outcomes.breached) as judged,
       sum(outcomes.breached::double * coalesce(orders.weight, 1))
           / nullif(sum(coalesce(orders.weight, 1)) filter (outcomes.breached is not null), 0)
           as breached_share
from exceptions
left join outcomes using (exception_id)
left join orders on orders.order_id = exceptions.order_id
group by month
order by month
