-- One row: number of accepted rows that name an @{optional_id} which the table of these does not hold.
select count(*) as "rows", min(@{key}) as key, arg_min(accepted.@{optional_id}, @{key}) as name
from accepted anti join referred on accepted.@{optional_id} = referred.@{optional_id}
where accepted.@{optional_id} is not null
