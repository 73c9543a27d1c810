-- One row per staged row that is taken.
select @{columns}
from staged anti join refused on staged.position = refused.position
