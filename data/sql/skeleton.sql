-- @{grain}.
--
-- This is SQL as DuckDB speaks it: duckdb.org/docs has its functions.
-- Write what your column is before each name, for instance: order_number as "order_id".
-- Times: ISO 8601 text is best left as it is, with or without an offset. Words for other times:
--   time_of(opened, '%d/%m/%Y %I:%M %p')   a spelling as of strptime; %z reads an offset
--   time_of(opened)                        ISO 8601 as a moment, to compare it with another
--   time_of_seconds(x), time_of_milliseconds(x)   numbers since 1970
--   time_of_serial(x)                      days of a workbook, as 46023.5
--   later_of(x, y)                         the later of two
-- Numbers: number_of(betrag, ',') reads 1.234,50, number_of(amount, '.') reads 1,234.50.
-- What they can't read is null; the import counts it and shows an example.
-- The import reads times without an offset in the zone of --timezone, else of inputs.toml, else in UTC.
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
