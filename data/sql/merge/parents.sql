-- One row per row of the parent table.
select @{id} as id, @{parent_time} as happened_at, known_at from parent_rows
