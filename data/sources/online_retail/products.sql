-- One row per product, known from its first sale, at the price of that sale.
select sku, arg_min(price, (invoiced_at, _row)) as unit_price, min(invoiced_at) as known_at,
       arg_min(_file, (invoiced_at, _row)) as _file, arg_min(_row, (invoiced_at, _row)) as _row
from _sold
group by sku
