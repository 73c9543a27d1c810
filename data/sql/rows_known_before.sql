-- One row per row of a table recorded before a moment; the file is sorted by known_at, then key.
select @{columns} from @{table} where known_at < $known_before
