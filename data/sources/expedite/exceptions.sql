-- One row per exception as it was first told.
select exception_id,
       detected as detected_at,
       order_id,
       source,
       type,
       told->>'$.reason_code' as reason_code,
       told->>'$.message' as message,
       told->>'$.severity' as severity,
       told->>'$.due_at' as due_at,
       (told->'$.attributes')::varchar as attributes,
       greatest(known_at, detected::timestamptz) as known_at,
       _file, _row
from _exceptions
