-- One row per order that waits for units of a SKU at a site, as known at a moment; sorted by SKU, site
-- and when it was placed. Orders wait until they are shipped or canceled, for as long as is given.
-- Where no shipment was ever told, nothing is known of what waits, and there are no rows.
with told as (
    select order_id, coalesce(line_id, '') as line_id, units, event = 'canceled' as canceled,
           stage in ('shipped', 'tracked', 'delivered', 'after_sales') as shipped
    from order_events
    where known_at < $known_before
),
over as (
    select distinct order_id from told where line_id = '' and (shipped or canceled)
),
gone as (
    select order_id, line_id, sum(coalesce(units, 'infinity'::double)) as units
    from told
    where line_id <> '' and (shipped or canceled)
    group by order_id, line_id
)
select line.sku, line.site, order_id, placed_at, coalesce(ship_by_at, promised_at) as due_at, total,
       sum(greatest(line.units - coalesce(gone.units, 0), 0)) as waiting_units
from order_lines as line
join orders using (order_id)
left join gone using (order_id, line_id)
anti join over using (order_id)
where line.known_at < $known_before and orders.known_at < $known_before
  and placed_at >= $placed_from and line.site is not null
  and exists (select 1 from told where shipped)
group by all
having waiting_units > 0
order by line.sku, line.site, placed_at, order_id
