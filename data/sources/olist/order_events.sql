-- One row per order and stage that it reached.
select order_id, stage, occurred_at, _file, _row
from (
    select order_id,
           unnest(['placed', 'paid', 'shipped', 'delivered']) as stage,
           unnest([order_purchase_timestamp, order_approved_at, order_delivered_carrier_date,
                   order_delivered_customer_date]) as occurred_at,
           _file, _row
    from orders
)
where occurred_at is not null
