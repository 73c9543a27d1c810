-- Rows of plans with the price in the company's currency, at the rate of the day on which it was planned.
select stored.* replace (price * rate.factor as price)
from stored_plans as stored
asof left join exchange_rates as rate
  on coalesce(stored.currency, '@{currency}') = rate.currency and stored.known_at >= rate.begin_at
