-- One row per order that an exception carried. Without the time of the order, it counts as
-- placed when the exception was detected.
select order_id,
       least(coalesce(carried->>'$.placed_at', just_before)::timestamptz,
             just_before::timestamptz) as placed_at,
       source,
       carried->>'$.channel' as channel,
       carried->>'$.customer.external_id' as customer_id,
       carried->>'$.customer.segment' as customer_segment,
       carried->>'$.promised_delivery_at' as promised_at,
       carried->>'$.ship_by_at' as ship_by_at,
       upper(carried->>'$.total.currency') as currency,
       carried->>'$.total.amount' as total,
       upper(carried->>'$.shipping_address.country_code') as country,
       carried->>'$.shipping_address.postal_code' as postcode,
       carried->>'$.shipping_address.city' as city,
       carried->>'$.shipping_address.region' as region,
       carried->>'$.payment_method' as payment_method,
       carried->>'$.payment_status' as payment_status,
       carried->>'$.fulfillment_status' as fulfillment_status,
       carried->>'$.status' as status,
       just_before as known_at,
       _file, _row
from _orders
