-- One row per late, canceled or unavailable order that came to its end. A late order that never
-- came is still open; how complaints ended is not recorded.
select order_id || ':late' as exception_id,
       order_delivered_customer_date as known_at,
       'late_shipment' as category, 'typed' as label_origin,
       order_delivered_customer_date as resolved_at,
       true as breached, _file, _row
from _facts
where order_status not in ('canceled', 'unavailable')
  and order_delivered_customer_date >= promise_over_at
union all
select order_id || ':' || order_status,
       greatest(promise_over_at, order_approved_at, order_delivered_carrier_date,
                order_delivered_customer_date),
       order_status, 'typed', order_delivered_customer_date,
       coalesce(order_delivered_customer_date >= promise_over_at, true), _file, _row
from _facts
where order_status in ('canceled', 'unavailable')
