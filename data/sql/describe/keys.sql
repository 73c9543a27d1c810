-- One row per key of each key column that people or systems write by hand: in how many rows it is.
select 'orders.order_id' as "column", order_id as key, count(*) as rows from orders group by 2
union all select 'orders.customer_id', customer_id, count(*) from orders group by 2
union all select 'order_lines.sku', sku, count(*) from order_lines group by 2
union all select 'order_lines.site', site, count(*) from order_lines group by 2
union all select 'exceptions.exception_id', exception_id, count(*) from exceptions group by 2
union all select 'exceptions.order_id', order_id, count(*) from exceptions group by 2
union all select 'stock.sku', sku, count(*) from stock group by 2
union all select 'stock.site', site, count(*) from stock group by 2
union all select 'demand.sku', sku, count(*) from demand group by 2
union all select 'demand.site', site, count(*) from demand group by 2
union all select 'plans.sku', sku, count(*) from plans group by 2
union all select 'plans.site', site, count(*) from plans group by 2
union all select 'products.sku', sku, count(*) from products group by 2
union all select 'sites.site', site, count(*) from sites group by 2
