-- One row per exception as it was first sent.
select exception_id,
       detected as detected_at,
       order_id,
       source,
       type,
       payload->>'$.reason_code' as reason_code,
       payload->>'$.message' as message,
       payload->>'$.severity' as severity,
       payload->>'$.due_at' as due_at,
       (payload->'$.attributes')::varchar as attributes,
       greatest(known_at, detected::timestamptz) as known_at,
       _file, _row
from _exceptions
