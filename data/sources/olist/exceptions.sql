-- One row per thing that went wrong with an order.
--
-- late: the promised day was over and the order was not there; detected at that moment.
-- canceled, unavailable: when it happened is not recorded. Surveys go to these customers two or
--     three days after the promise, so that by the end of the promised day the company knew; we say
--     then, or at the last step of the order if that came later. Too late is safe, too early is not.
-- complaint: a review of one or two stars with words in it. It is known when the customer has
--     answered; review_creation_date is only when the survey was sent.
select order_id || ':late' as exception_id,
       promise_over_at as detected_at,
       order_id, 'olist' as source, 'late_shipment' as type,
       null as message, null as attributes, _file, _row
from _facts
where order_status not in ('canceled', 'unavailable')
  and (order_delivered_customer_date >= promise_over_at
       or (order_status <> 'delivered' and order_delivered_customer_date is null
           and promise_over_at <= recorded_until))
union all
select order_id || ':' || order_status,
       greatest(promise_over_at, order_approved_at, order_delivered_carrier_date,
                order_delivered_customer_date),
       order_id, 'olist', order_status, null, null, _file, _row
from _facts
where order_status in ('canceled', 'unavailable')
union all
select review_id || ':' || order_id,
       later_of(review_answer_timestamp, order_purchase_timestamp),
       order_id, 'olist', 'customer_request',
       concat_ws('. ', review_comment_title, review_comment_message),
       json_object('stars', review_score)::varchar,
       reviews._file, reviews._row
from reviews join orders using (order_id)
where review_score in ('1', '2') and review_comment_message is not null
