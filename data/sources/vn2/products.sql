-- One row per product, always known, as its first row of the newest master says.
select Product as sku, DepartmentGroup as department_group, Department as department,
       Division as category, ProductGroup as product_group, timestamp '1970-01-01' as known_at,
       _file, _row
from master
qualify row_number() over (partition by Product order by _file desc, _row) = 1
