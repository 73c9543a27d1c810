-- One row per invoice that sells a product. Times are those of a clock in London.
with countries(name, code) as (values
    ('United Kingdom', 'GB'), ('EIRE', 'IE'), ('Germany', 'DE'), ('France', 'FR'),
    ('Netherlands', 'NL'), ('Spain', 'ES'), ('Sweden', 'SE'), ('Belgium', 'BE'),
    ('Switzerland', 'CH'), ('Portugal', 'PT'), ('Cyprus', 'CY'), ('Greece', 'GR'),
    ('Austria', 'AT'), ('Australia', 'AU'), ('United Arab Emirates', 'AE'), ('Italy', 'IT'),
    ('Denmark', 'DK'), ('Finland', 'FI'), ('Japan', 'JP'), ('USA', 'US'), ('Malta', 'MT'),
    ('Poland', 'PL'), ('Singapore', 'SG'), ('Norway', 'NO'), ('Bahrain', 'BH'),
    ('Lithuania', 'LT'), ('Thailand', 'TH'), ('Hong Kong', 'HK'), ('RSA', 'ZA'),
    ('Brazil', 'BR'), ('Israel', 'IL'), ('Bermuda', 'BM'), ('Nigeria', 'NG'), ('Korea', 'KR'),
    ('Lebanon', 'LB'), ('Canada', 'CA'), ('Iceland', 'IS'), ('Saudi Arabia', 'SA'),
    ('Czech Republic', 'CZ')
)
select invoice as order_id,
       min(invoiced_at) as placed_at,
       'online_retail' as source,
       min(customer_id) as customer_id,
       'GBP' as currency,
       round(sum(quantity * price), 2) as total,
       min(code) as country,
       arg_min(_file, _row) as _file, min(_row) as _row
from _sold left join countries on countries.name = country_name
group by invoice
