-- One row per shop, product and state file: what is on the shelf at the end of a week. The week stands
-- in the file's name, week 0 ends with 14 April 2024; in a name without, it is the last week of the
-- sales. What is on the way is given with the date on which all of it can be sold; what can be sold
-- from the next day on counts as in stock.
with ended as (
    select *,
           coalesce(
               timestamp '2024-04-15'
               + to_days(7 * try_cast(regexp_extract(lower(_file), 'week[ _-]*(\d+)', 1) as integer)),
               (select max(try_cast(period as timestamp)) + interval 7 days from (
                   unpivot sales on columns(* exclude (Store, Product, _file, _row))
                   into name period value units
               ))
           ) as ended_at
    from state
)
select Product as sku, Store as site, ended_at - interval 1 microsecond as counted_at,
       "End Inventory" as on_hand,
       case when try_cast("In Transit W+1" as double) is null then "In Transit W+1"
            when try_cast("In Transit W+2" as double) is null then "In Transit W+2"
            else ("In Transit W+1"::double + "In Transit W+2"::double)::varchar end as inbound,
       case when try_cast("In Transit W+2" as double) > 0 then ended_at + interval 7 days
            when try_cast("In Transit W+1" as double) > 0 then ended_at end as inbound_at,
       coalesce(try_cast("End Inventory" as double), 0)
           + coalesce(try_cast("In Transit W+1" as double), 0) > 0 as in_stock,
       _file, _row
from ended
