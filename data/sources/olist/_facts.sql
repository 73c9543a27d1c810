-- One row per order with all that is known of it in the end; what may be seen when is for others.
-- The promise is a date: it is kept if the order comes before that day is over.
with recorded as (
    select max(moment) as until
    from (
        select max(order_purchase_timestamp) as moment from orders
        union all select max(order_delivered_customer_date) from orders
        union all select max(review_answer_timestamp) from reviews
    )
)
select orders.*,
       order_estimated_delivery_date as promised_at,
       strftime(try_cast(order_estimated_delivery_date as timestamp) + interval 1 day,
                '%Y-%m-%d %H:%M:%S') as promise_over_at,
       recorded.until as recorded_until
from orders cross join recorded
