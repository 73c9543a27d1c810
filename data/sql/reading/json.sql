-- One row per object of a JSON file; every value as text, what is nested as JSON text.
select columns(*) ->> '$', $name as _file, row_number() over () as _row
from read_json($file, maximum_depth = 1)
