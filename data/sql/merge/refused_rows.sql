-- One row per staged row that is not accepted, all values as text, with reason, file and row.
select any_value(kind) as kind, string_agg(reason, '; ' order by reason) as reason,
       any_value(_file) as file, any_value(_row) as "row", @{texts}
from staged join refused on staged.position = refused.position
group by staged.position
order by staged.position
