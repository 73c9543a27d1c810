-- One row per order line with its moments. The names of columns have blanks around them; a discount
-- of '-' is none. The promise is a day: it is kept if the line is shipped before that day is over.
-- A day of shipment before the order, or more than 40 days after it, has a wrong year: such a line
-- has no outcome that anybody could know, so that it is left out.
select *,
       ordered_on + ("Order Time" || ':00')::interval as ordered,
       ordered_on + (scheduled + 1) * interval 1 day as promise_over,
       shipped_on + interval 1 day as shipped
from (
    select *,
           make_date(" Order Year "::int, " Order Month "::int, " Order Day "::int)::timestamp
               as ordered_on,
           make_date("Shipment Year"::int, "Shipment Month"::int, "Shipment Day"::int)::timestamp
               as shipped_on,
           " Shipment Days - Scheduled "::int as scheduled
    from lines
)
where shipped_on - ordered_on between interval 0 day and interval 40 day
