-- One row per table that has rows: the times at which its first and last row became known.
select * from (
    select 'orders' as "table", min(known_at) as first_at, max(known_at) as last_at from orders
    union all select 'order_lines', min(known_at), max(known_at) from order_lines
    union all select 'order_events', min(known_at), max(known_at) from order_events
    union all select 'exceptions', min(known_at), max(known_at) from exceptions
    union all select 'exception_events', min(known_at), max(known_at) from exception_events
    union all select 'outcomes', min(known_at), max(known_at) from outcomes
    union all select 'stock', min(known_at), max(known_at) from stock
    union all select 'demand', min(known_at), max(known_at) from demand
    union all select 'plans', min(known_at), max(known_at) from plans
    union all select 'products', min(known_at), max(known_at) from products
    union all select 'sites', min(known_at), max(known_at) from sites
)
where first_at is not null
