-- One row per key, the taken row before the former one, in the order in which it became known.
select @{columns} from taken
union all
select @{columns} from former anti join taken using (@{key})
order by known_at, @{key}
