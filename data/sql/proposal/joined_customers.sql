left join "@{table}" as customer on @{key} = @{column}
