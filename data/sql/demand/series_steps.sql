-- One row per distance in days between the periods of series whose distances are even: number of
-- series, share of all series of four periods or more, and one of them. Even: no period can be
-- missing between two others, and every row became known at least that distance after its period
-- began, as a sum over it does.
with distances as (
    select sku, site, epoch_ms(known_at) - epoch_ms(period_start) as known_after_ms,
           period_start::date - lag(period_start::date) over (
               partition by sku, site order by period_start
           ) as distance
    from demand
    where known_at < $known_before
),
per_series as (
    select sku, site, min(distance) as shortest, max(distance) as longest,
           ceil(min(known_after_ms) / 86400000) as known_after
    from distances
    group by sku, site
    having count(*) >= 4
)
select shortest as step_days,
       count(*) / (select count(*) from per_series) as series_share,
       min(sku) as sku, arg_min(site, sku) as site
from per_series
where shortest > 0 and longest < 2 * shortest
  and known_after >= shortest - (shortest >= 7)::int  -- a week may be known on its last day
group by shortest
order by shortest
