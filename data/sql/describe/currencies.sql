-- One row per currency of the orders: how many, and the usual totals in it.
select coalesce(currency, 'none given') as currency, count(*) as orders, count(total) as with_total,
       quantile_cont(total, 0.05) as low, median(total) as middle, quantile_cont(total, 0.95) as high
from orders
group by 1
order by orders desc
