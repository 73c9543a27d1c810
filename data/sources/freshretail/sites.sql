-- One row per shop, known from its first day; all are in China.
select store_id::varchar as site, 'CN' as country, arg_min(city_id, day)::varchar as region,
       min(try_cast(day as timestamp)) as known_at,
       arg_min(_file, day) as _file, arg_min(_row, day) as _row
from _days
group by store_id
