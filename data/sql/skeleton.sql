-- @{grain}.
--
-- Write what your column is before each name, for instance: order_number as "order_id".
-- Times: ISO 8601 text is best left as it is; other spellings: time_of(opened, '%d/%m/%Y %H:%M').
-- Leave doubtful values as text: the import converts them and names the rows that it refuses.
-- Delete this file if you have no such table, and the line in inputs.toml.
select
    -- These are needed.
@{needed}
    -- These light features; select what you have.
@{optional}
    -- These say in the quarantine where a row came from.
    _file, _row
from my_@{table}
