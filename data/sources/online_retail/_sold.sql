-- One row per ordered line of a product, copies left out.
select * from _rows
where not is_copy and not is_cancellation and invoice not like 'A%' and is_product and quantity > 0
