-- One row per order as it was placed; its status in the end is not on it.
-- Two things that look like facts of the order are not, and are left out: the shipping limit of the
-- items is counted from the approval of the payment, and order_status is the last one.
--
-- weight: the files of the public set hold 97 % delivered orders. A sample that holds far fewer
-- (the development subset has all undelivered, but 1 in 18.7 delivered orders) is weighted back.
with paid as (
    select order_id,
           round(sum(try_cast(payment_value as double)), 2) as total,
           arg_max(nullif(payment_type, 'not_defined'),
                   (try_cast(payment_value as double), payment_type)) as method
    from payments
    group by order_id
),
sampled as (
    select avg((order_status = 'delivered')::integer) < 0.9 as thinned from orders
)
select orders.order_id,
       order_purchase_timestamp as placed_at,
       'olist' as source,
       'marketplace' as channel,
       customer_unique_id as customer_id,
       order_estimated_delivery_date as promised_at,
       'BRL' as currency,
       paid.total,
       'BR' as country,
       customer_zip_code_prefix as postcode,
       customer_city as city,
       customer_state as region,
       paid.method as payment_method,
       case when sampled.thinned and order_status = 'delivered' then 18.7 else 1.0 end as weight,
       orders._file, orders._row
from orders
cross join sampled
left join customers using (customer_id)
left join paid on paid.order_id = orders.order_id
