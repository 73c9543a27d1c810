-- One row per ordered line of a product, the copies among them too; there is one warehouse.
select invoice as order_id, line_id, sku, quantity_as_given as units, 'warehouse' as site,
       price_as_given as unit_price, _file, _row
from _rows
where not is_cancellation and invoice not like 'A%' and is_product and coalesce(quantity, 1) > 0
