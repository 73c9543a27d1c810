-- One row per order line, as if each were checked when it is ordered: will it be shipped too late?
select " Order Item ID " as exception_id,
       ordered as detected_at,
       'just_in_time' as source,
       'order_line' as type,
       "Shipment Mode" as severity,
       promise_over as due_at,
       json_merge_patch('{}', json_object(
           'department', "Product Department", 'category', "Product Category",
           'product', "Product Name", 'customer', " Customer ID ", 'market', "Customer Market",
           'region', "Customer Region", 'country', "Customer Country",
           'warehouse', "Warehouse Country", 'scheduled_days', scheduled,
           'quantity', "Order Quantity"::double, 'gross_sales', " Gross Sales "::double,
           'discount', try_cast(" Discount % " as double), 'profit', " Profit "::double
       ))::varchar as attributes,
       _file, _row
from _lines
