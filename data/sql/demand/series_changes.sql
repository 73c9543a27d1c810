-- One row per pair of distances in days between the first and the last periods of series that change
-- from one to the other: share of all series of nine periods or more, and one of them. The first
-- four distances are even, and so are the last four; each row became known when its period ended.
with distances as (
    select sku, site, period_start::date as day,
           ceil((epoch_ms(known_at) - epoch_ms(period_start)) / 86400000) as known_after,
           lead(period_start::date) over series - period_start::date as distance,
           row_number() over series as number,
           count(*) over (partition by sku, site) as periods
    from demand
    where known_at < $known_before
    window series as (partition by sku, site order by period_start)
),
ends as (
    select sku, site, min(day) as first_day, max(day) as last_day,
           min(distance) filter (number <= 4) as first_step,
           max(distance) filter (number <= 4) as first_longest,
           min(known_after) filter (number <= 4) as first_known,
           min(distance) filter (number >= periods - 4) as last_step,
           max(distance) filter (number >= periods - 4) as last_longest,
           min(known_after) filter (number between periods - 4 and periods - 1) as last_known
    from distances
    where periods >= 9
    group by sku, site
)
select first_step, last_step, count(*) / (select count(*) from ends) as series_share,
       min(sku) as sku, arg_min(site, sku) as site, arg_min(first_day, sku) as first_day,
       arg_min(last_day, sku) as last_day
from ends
where first_longest <= 1.2 * first_step and last_longest <= 1.2 * last_step
  and greatest(first_step, last_step) >= 1.5 * least(first_step, last_step)
  and first_known >= first_step - (first_step >= 7)::int  -- a week may be known on its last day
  and last_known >= last_step - (last_step >= 7)::int
group by first_step, last_step
order by series_share desc, first_step, last_step
