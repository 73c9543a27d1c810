-- One row: the one warehouse, known from the first sale.
select 'warehouse' as site, 'GB' as country, min(invoiced_at) as known_at,
       arg_min(_file, _row) as _file, min(_row) as _row
from _sold
