-- One row per cancellation of products, with the order that most of its lines belong to. What
-- became of it is not recorded, so that there are no outcomes.
with matched as (
    select invoice, mode(order_id) as order_id from _taken_back group by invoice
)
select invoice as exception_id,
       min(invoiced_at) as detected_at,
       any_value(matched.order_id) as order_id,
       'online_retail' as source,
       'customer_request' as type,
       json_object('units', sum(units), 'value', round(sum(units * price), 2), 'skus', count(distinct sku)
       )::varchar as attributes,
       arg_min(_file, _row) as _file, min(_row) as _row
from _taken_back join matched using (invoice)
group by invoice
