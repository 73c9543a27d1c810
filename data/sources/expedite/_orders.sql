-- One row per order, as the first exception that carried it sent it.
select *
from _exceptions
where order_id is not null
qualify row_number() over (partition by order_id order by known_at, exception_id) = 1
