-- One row per order and step: placed, and each of its lines that was canceled or returned later.
select invoice as order_id, 'placed' as stage, min(invoiced_at) as occurred_at,
       'reached' as event, null as line_id, null as units,
       arg_min(_file, _row) as _file, min(_row) as _row
from _sold
group by invoice
union all
select order_id, 'after_sales', invoiced_at, event, line_id, sum(units),
       arg_min(_file, _row), min(_row)
from _taken_back
where order_id is not null
group by order_id, line_id, invoiced_at, event
