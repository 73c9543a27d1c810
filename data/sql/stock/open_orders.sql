-- One row per order that waits for units of a SKU at a site, as recorded at a moment; sorted by SKU,
-- site and time of the order. An order waits until it is shipped or canceled, for a limited time.
-- Without any recorded shipment it is unknown which orders wait, and there are no rows.
with events as (
    select order_id, coalesce(line_id, '') as line_id, units, event = 'canceled' as canceled,
           stage in ('shipped', 'tracked', 'delivered', 'after_sales') as shipped
    from order_events
    where known_at < $known_before
),
closed_orders as (
    select distinct order_id from events where line_id = '' and (shipped or canceled)
),
closed_lines as (
    select order_id, line_id, sum(coalesce(units, 'infinity'::double)) as units
    from events
    where line_id <> '' and (shipped or canceled)
    group by order_id, line_id
)
select line.sku, line.site, order_id, placed_at, coalesce(ship_by_at, promised_at) as due_at, total,
       sum(greatest(line.units - coalesce(closed_lines.units, 0), 0)) as waiting_units
from order_lines as line
join orders using (order_id)
left join closed_lines using (order_id, line_id)
anti join closed_orders using (order_id)
where line.known_at < $known_before and orders.known_at < $known_before
  and placed_at >= $placed_from and line.site is not null
  and exists (select 1 from events where shipped)
group by all
having waiting_units > 0
order by line.sku, line.site, placed_at, order_id
