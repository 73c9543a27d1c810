-- One row per shop, always known, as its first row of the newest master says.
select Store as site, StoreFormat || '-' || Format as format, timestamp '1970-01-01' as known_at,
       _file, _row
from master
qualify row_number() over (partition by Store order by _file desc, _row) = 1
