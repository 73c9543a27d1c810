-- One row per row of the log, numbered within its incident; '?' means missing.
-- The file's own order is right: the clock has minutes only, and sys_mod_count skips and repeats.
-- closed_code, resolved_by, resolved_at and closed_at hold their final value on every row: they
-- are outcomes, and no feature may see them before the incident is closed.
select *,
       row_number() over (partition by number order by _file, _row) as step,
       time_of(opened_at, '%d/%m/%Y %H:%M') as opened,
       time_of(sys_updated_at, '%d/%m/%Y %H:%M') as updated,
       time_of(resolved_at, '%d/%m/%Y %H:%M') as finally_resolved
from (select nullif(columns(* exclude (_file, _row)), '?'), _file, _row from log)
