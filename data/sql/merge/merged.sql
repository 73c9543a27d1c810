-- One row per key, the accepted row before the former one, in the order in which it became known.
-- A part of the key may be empty: empty is equal to empty.
select @{columns} from accepted
union all
select @{columns} from former anti join accepted on @{same_key}
order by known_at, @{key}
