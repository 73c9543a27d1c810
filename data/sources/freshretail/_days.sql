-- One row per row of the files. The public files have other names for some columns and the stock-outs
-- as 24 flags and a count; whichever are there are read.
with named as (
    select * from days
    union all by name
    select null::varchar as "date", null::varchar as dt, null::double as sales_scaled,
           null::double as sale_amount, null::bigint as stockout_hours_6_22,
           null::bigint as stock_hour6_22_cnt
    where false
)
select coalesce("date"::varchar, dt::varchar) as day,
       coalesce(sales_scaled::varchar, sale_amount::varchar) as units,
       coalesce(stockout_hours_6_22::varchar, stock_hour6_22_cnt::varchar) as hours_out,
       *
from named
