left join (
    select @{key} as order_id, @{sums}
    from "@{table}" as p
    group by 1
) as paid on paid.order_id = @{column}
