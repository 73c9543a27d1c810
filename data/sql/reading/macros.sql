-- Words for the queries of sources.

-- A time in another spelling than ISO 8601, e.g. time_of(opened, '%d/%m/%Y %H:%M').
-- What does not fit stays as it is, so that the check can refuse the row and show the value.
create macro time_of(value, spelling) as
    coalesce(strftime(try_strptime(value, spelling), '%Y-%m-%dT%H:%M:%S.%f'), value);

-- The later one of two ISO times; if one is none, that one, so that the check can refuse it.
create macro later_of(one, other) as case
    when try_cast(one as timestamp) is null then one
    when try_cast(other as timestamp) is null then other
    else greatest(one, other) end;
