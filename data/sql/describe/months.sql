-- One row per table and month: how many rows became known in it.
select "table", date_trunc('month', known_at) as month, count(*) as rows
from (
    select 'orders' as "table", known_at from orders
    union all select 'order_lines', known_at from order_lines
    union all select 'order_events', known_at from order_events
    union all select 'exceptions', known_at from exceptions
    union all select 'exception_events', known_at from exception_events
    union all select 'outcomes', known_at from outcomes
    union all select 'stock', known_at from stock
    union all select 'demand', known_at from demand
    union all select 'plans', known_at from plans
)
group by 1, 2
order by 1, 2
