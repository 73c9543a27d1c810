-- One row per order line: shipped, and whether that was later than scheduled.
select " Order Item ID " as exception_id,
       shipped as known_at,
       shipped as resolved_at,
       shipped_on - ordered_on > scheduled * interval 1 day as breached,
       _file, _row
from _lines
