-- One row per staged row that is accepted; a known_at that was left out comes from the parent.
select @{columns_but_known_at}, coalesce(staged.known_at, parents.known_at) as known_at
from staged
left join parents on staged.@{id} = parents.id
anti join refused on staged.position = refused.position
