-- One row per count without stock: number of its series, and the local microseconds from it to the next
-- count, which is empty after the last one. The time zone is the site's, else the count's, else the company's.
with zoned_sites as (
    select site, timezone from sites where known_at < $known_before
),
counts as (
    select position, known_at, counted_at, coalesce(not in_stock, on_hand <= 0) as is_out,
           epoch_us(timezone(coalesce(zoned_sites.timezone, stock.timezone, '@{timezone}'), counted_at)) as local_us
    from stock join series using (sku, site) left join zoned_sites using (site)
    where known_at < $known_before
)
select series, from_us, if(until_us < from_us, from_us, until_us) as until_us  -- an hour is repeated in autumn
from (
    select position::int as series, local_us as from_us, is_out,
           lead(local_us) over (partition by position order by counted_at) as until_us
    from counts
)
where is_out
