-- One row per product; known from its first sale, for the files say no earlier moment.
with first_sold as (
    select product_id, min(order_purchase_timestamp) as moment
    from items join orders using (order_id)
    group by product_id
)
select product_id as sku,
       coalesce(product_category_name_english, product_category_name) as product_group,
       product_weight_g as weight_g,
       coalesce(first_sold.moment, (select max(order_purchase_timestamp) from orders)) as known_at,
       products._file, products._row
from products
left join translation using (product_category_name)
left join first_sold using (product_id)
