-- One row per seller, who ships; known from the first sale, for the files say no earlier moment.
with first_sold as (
    select seller_id, min(order_purchase_timestamp) as moment
    from items join orders using (order_id)
    group by seller_id
)
select seller_id as site,
       'BR' as country,
       seller_state as region,
       coalesce(first_sold.moment, (select max(order_purchase_timestamp) from orders)) as known_at,
       sellers._file, sellers._row
from sellers
left join first_sold using (seller_id)
