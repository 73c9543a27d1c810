-- Words for the queries of sources.

-- A time in another spelling than ISO 8601, e.g. time_of(opened, '%d/%m/%Y %H:%M').
-- What does not fit stays as it is, so that the check can refuse the row and show the value.
create macro time_of(value, spelling) as
    coalesce(strftime(try_strptime(value, spelling), '%Y-%m-%dT%H:%M:%S.%f'), value);

-- The later of two ISO times; a text that is no time is returned as it is, for the check to refuse.
create macro later_of(first_time, second_time) as case
    when try_cast(first_time as timestamp) is null then first_time
    when try_cast(second_time as timestamp) is null then second_time
    else greatest(first_time, second_time) end;

-- The code of a country (ISO 3166-1 alpha-2) by its name in one of seven languages, e.g.
-- country_of(land); what is no name of a country stays as it is.
create macro country_of(value) as coalesce(
    (select any_value(code) from country_names
     where name = regexp_replace(strip_accents(lower(trim(value))), '[\s''.,()&-]+', ' ', 'g')),
    value);
