-- One row per part and month, known with the last moment of the month. A part has no value (NA) in the
-- months after it was last looked at: these are not zeros, and have no row.
with cells as (
    unpivot months on columns(* exclude ("time", _file, _row)) into name part value units
)
select part as sku, 'all' as site, "time" as period_start, units,
       try_cast("time" as timestamp) + interval 1 month - interval 1 microsecond as known_at,
       _file, _row
from cells
where units <> 'NA'
