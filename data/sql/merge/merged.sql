-- One row per key, the accepted row before the former one, in the order in which it became known.
select @{columns} from accepted
union all
select @{columns} from former anti join accepted using (@{key})
order by known_at, @{key}
