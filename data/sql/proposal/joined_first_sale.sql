left join (
    select @{sold} as sold, min(@{moment}) as at
    from "@{lines}" as l join "@{orders}" as o on @{orders_key} = @{lines_key}
    group by 1
) as first_sold on first_sold.sold = @{key}
cross join (select max(@{moment}) as at from "@{orders}" as o) as last_order
