-- Rows of demand with the price in the company's currency, at the rate of the day of the period.
select stored.* replace (price * rate.factor as price)
from stored_demand as stored
asof left join exchange_rates as rate
  on coalesce(stored.currency, '@{currency}') = rate.currency and stored.period_start >= rate.begin_at
