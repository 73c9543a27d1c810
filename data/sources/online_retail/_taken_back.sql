-- One row per canceled line of a product, with the order line that it most likely belongs to: of the
-- same customer and SKU, before it, with at least as many units; the same number first, then the
-- latest. A fifth of the lines belong to orders before the set begins, or name no customer.
-- Taken back on the day of the order it is canceled, later it is returned.
with canceled as (
    select * from _rows where not is_copy and is_cancellation and is_product and quantity < 0
)
select canceled.invoice, canceled.invoiced_at, canceled.sku, -canceled.quantity as units,
       canceled.price, sold.invoice as order_id, sold.line_id,
       case when sold.invoiced_at[:10] = canceled.invoiced_at[:10] then 'canceled'
            else 'returned' end as event,
       canceled._file, canceled._row
from canceled
left join _sold as sold
    on sold.customer_id = canceled.customer_id and sold.sku = canceled.sku
    and sold.invoiced_at <= canceled.invoiced_at and sold.quantity >= -canceled.quantity
qualify row_number() over (
    partition by canceled._file, canceled._row
    order by sold.quantity = -canceled.quantity desc, sold.invoiced_at desc, sold._row
) = 1
