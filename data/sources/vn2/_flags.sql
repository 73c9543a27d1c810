-- One row per shop, product and week with its in-stock flag, of the newest file that has the week.
select Store, Product, week, any_value(flag) as flag
from (
    select * from (
        unpivot in_stock on columns(* exclude (Store, Product, _file, _row))
        into name week value flag
    )
    qualify _file = max(_file) over (partition by Store, Product, week)
)
group by Store, Product, week
