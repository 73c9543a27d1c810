-- One row: how many taken rows were there before, the same or with other content.
select count(*) filter (where hash(@{taken_columns}) = hash(@{former_columns})) as unchanged,
       count(*) filter (where hash(@{taken_columns}) <> hash(@{former_columns})) as updated
from taken join former on @{same_key}
