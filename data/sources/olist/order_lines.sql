-- One row per item: the marketplace counts every piece as an item of its own.
-- 603 of 609 'unavailable' orders and 164 canceled ones have no items in the files: that an order
-- has no lines gives away how it ended, and no feature may count them.
select order_id,
       order_item_id as line_id,
       product_id as sku,
       seller_id as site,
       1.0 as units,
       price as unit_price,
       _file, _row
from items
