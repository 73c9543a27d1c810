-- Products with cost and price in the company's currency, at the rate of the day they were known.
select stored.* replace (cost * rate.factor as cost, unit_price * rate.factor as unit_price)
from stored_products as stored
asof left join exchange_rates as rate
  on coalesce(stored.currency, '@{currency}') = rate.currency and stored.known_at >= rate.begin_at
