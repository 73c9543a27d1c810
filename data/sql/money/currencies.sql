-- One row per currency in which a table of the history holds money, with its rows.
select currency, sum(rows)::bigint as rows
from (
    select currency, count(*) as rows from orders group by currency
    union all select currency, count(*) from order_lines group by currency
    union all select currency, count(*) from outcomes group by currency
    union all select currency, count(*) from demand group by currency
    union all select currency, count(*) from plans group by currency
    union all select currency, count(*) from products group by currency
)
where currency is not null
group by currency
order by currency
