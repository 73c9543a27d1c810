-- One row per row of a table recorded before a moment, in the order of its file.
select @{columns} from @{table} where known_at < $known_before order by known_at, @{key}
