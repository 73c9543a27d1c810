-- One row per exception as it was first sent, with the order that it carried. The source sent both at
-- once; the order counts as known just before.
-- An order is named as its source names it, so that it meets the company's own orders in a history.
select * exclude (told),
       told as payload,
       told->'$.order' as carried,
       told->>'$.detected_at' as detected,
       coalesce(told->>'$.order.external_id',
                source || ' ' || (told->>'$.order.order_number'),
                case when json_type(told, '$.order') = 'OBJECT'
                     then 'of ' || exception_id end) as order_id,
       strftime((told->>'$.detected_at')::timestamptz - interval 1 millisecond,
                '%Y-%m-%dT%H:%M:%S.%fZ') as just_before
from raised
