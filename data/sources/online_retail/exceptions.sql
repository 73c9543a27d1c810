-- One row per cancellation of products, with the order that most of its lines belong to. What
-- became of it is not recorded, so that there are no outcomes.
with shared as (
    select invoice, order_id, count(*) as lines from _taken_back group by invoice, order_id
),
matched as (
    select invoice, arg_max(order_id, (lines, order_id)) as order_id from shared group by invoice
)
select invoice as exception_id,
       min(invoiced_at) as detected_at,
       min(matched.order_id) as order_id,
       'online_retail' as source,
       'customer_request' as type,
       json_object('units', sum(units), 'value', round(sum(units * price), 2), 'skus', count(distinct sku)
       )::varchar as attributes,
       arg_min(_file, _row) as _file, min(_row) as _row
from _taken_back join matched using (invoice)
group by invoice
