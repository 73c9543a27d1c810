-- One row per count without stock: number of its series, and the microseconds from it to the next
-- count, which is empty after the last one.
select series, from_us, until_us
from (
    select position::int as series, epoch_us(counted_at) as from_us,
           lead(epoch_us(counted_at)) over (partition by position order by counted_at) as until_us,
           coalesce(not in_stock, on_hand <= 0) as is_out
    from stock join series using (sku, site)
    where known_at < $known_before
)
where is_out
