-- One row per line of an order that an exception carried; lines without a SKU are left out.
with lines as (
    select order_id, just_before, _file, _row,
           unnest((carried->'$.line_items')::json[]) as line,
           generate_subscripts((carried->'$.line_items')::json[], 1) as line_row
    from _orders
)
select order_id,
       coalesce(line->>'$.external_id', printf('%04d', line_row)) as line_id,
       line->>'$.sku' as sku,
       coalesce(line->>'$.quantity', '0') as units,
       line->>'$.site' as site,
       line->>'$.unit_price.amount' as unit_price,
       upper(line->>'$.unit_price.currency') as currency,
       (line->'$.attributes')::varchar as attributes,
       just_before as known_at,
       _file, _row
from lines
where line->>'$.sku' is not null
