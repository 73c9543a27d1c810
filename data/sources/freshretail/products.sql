-- One row per product, known from its first day.
select product_id::varchar as sku,
       arg_min(management_group_id, day)::varchar as department_group,
       arg_min(first_category_id, day)::varchar as department,
       arg_min(second_category_id, day)::varchar as category,
       arg_min(third_category_id, day)::varchar as product_group,
       min(try_cast(day as timestamp)) as known_at,
       arg_min(_file, day) as _file, arg_min(_row, day) as _row
from _days
group by product_id
