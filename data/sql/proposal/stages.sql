-- One row per order and stage that it reached. Proposed from @{files}.
-- A stage of several rows of one order counts when the last of them reached it.
select order_id, stage, occurred_at, _file, _row
from (
    select @{order_id} as order_id,
           unnest([@{stages}]) as stage,
           unnest([@{moments}]) as occurred_at,
           t._file, t._row
    from "@{table}" as t
)
where order_id is not null and occurred_at is not null
qualify row_number() over (partition by order_id, stage order by occurred_at desc, _file, _row) = 1
