-- @{grain}. Proposed from @{files}.
@{notes}
select
@{columns}
    @{origin}
from "@{table}" as t
@{joins}
