-- One row per row of the files, cleaned. The set has one row per line of an invoice, and:
-- * The public set holds 1 to 9 December 2010 twice, 22,000 rows apart, while the rows of an invoice
--   stand within some 200 of each other. So what comes 5,000 rows later is the copy: its lines get
--   the numbers of the first ones again, and count as duplicates.
-- * C... is a cancellation or return, with negative quantities; A... settles bad debts.
-- * Other negative quantities, at price 0 and without a customer, are stock written off.
-- * Postage, fees, discounts, vouchers, samples and tests are no products: these begin with five
--   digits, or with DCGS, PADS or SP.
with spaced as (
    select *,
           _file is distinct from lag(_file) over invoice
           or _row - lag(_row) over invoice > 5000 as far_off
    from invoices
    window invoice as (partition by Invoice order by _file, _row)
),
copied as (
    select *, count(*) filter (far_off) over (partition by Invoice order by _file, _row) as copy
    from spaced
)
select Invoice as invoice,
       (row_number() over (partition by Invoice, copy order by _row))::varchar as line_id,
       upper(trim(StockCode::varchar)) as sku,
       try_cast(Quantity as double) as quantity,
       Quantity::varchar as quantity_as_given,
       InvoiceDate::varchar as invoiced_at,
       try_cast(Price as double) as price,
       Price::varchar as price_as_given,
       regexp_replace("Customer ID"::varchar, '\.0$', '') as customer_id,
       Country as country_name,
       copy > 1 as is_copy,
       Invoice like 'C%' as is_cancellation,
       regexp_matches(upper(trim(StockCode::varchar)), '^(\d{5}|DCGS|PADS|SP\d)') as is_product,
       _file, _row
from copied
