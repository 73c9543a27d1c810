-- One row per staged row whose parent is missing, or that happened before its parent did.
select staged.position,
       case when parents.id is null then 'no such @{id} in @{parent}'
            else '@{time} is before @{parent}.@{parent_time}' end as kind,
       case when parents.id is null then '@{id}: ''' || staged.@{id} || ''' is not in @{parent}'
            else '@{time}: ' || staged.@{time} || ' is before the @{parent_time} ('
                 || parents.happened_at || ') of its row in @{parent}' end as reason
from staged left join parents on staged.@{id} = parents.id
where parents.id is null or staged.@{time} < parents.happened_at
