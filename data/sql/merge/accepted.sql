-- One row per staged row that is accepted.
select @{columns}
from staged anti join refused on staged.position = refused.position
