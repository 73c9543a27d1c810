-- One row per line that is refused, numbered like rows: the header and the lines above it are not counted.
select any_value("line" - $above)::bigint as "row", any_value(csv_line) as line_text,
       string_agg(distinct error_message, '; ') as reason,
       bool_or(error_type = 'INVALID ENCODING') as not_in_encoding
from rejected
group by "line"
order by "row"
