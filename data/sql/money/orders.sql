-- Orders with the total in the company's currency, at the rate of the day on which each was placed.
select stored.* replace (total * rate.factor as total)
from stored_orders as stored
asof left join exchange_rates as rate
  on coalesce(stored.currency, '@{currency}') = rate.currency and stored.placed_at >= rate.begin_at
