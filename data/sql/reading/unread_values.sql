-- One row: how many values of an expression can't be read, of how many, and the first of them.
select count(*) filter (@{call} is null) as unread, count(*) as "values",
       min(@{value}::varchar) filter (@{call} is null) as example
from "@{relation}" as "@{alias}"
where trim(@{value}::varchar) <> ''
