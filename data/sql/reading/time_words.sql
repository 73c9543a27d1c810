-- Words for the queries of sources. Moments without an offset are read in the zone of the import.

-- A moment between 1900 and 2199; else null.
create macro within_bounds(moment) as case when year(moment) between 1900 and 2199 then moment end;

-- A moment, or null where the value is none. Without a spelling: ISO 8601, with or without an offset.
-- With one, as of strptime: time_of(opened, '%d/%m/%Y %I:%M %p'). %z reads an offset, 'Z' too; it is
-- used, and the zone of the import does not shift it again. A 'Z' that ends the spelling is UTC.
create macro time_of(value) as within_bounds(try_cast(
        regexp_replace(
            regexp_replace(replace(trim(value::varchar), ',', '.'), '[zZ]$', '+00'),
            '(:\d\d(?:\.\d+)?\s*[+-]\d\d)(\d\d)$', '\1:\2'
        ) as timestamptz
    )),
    (value, spelling) as within_bounds(
        case when regexp_matches(spelling, '[^%]Z$')
             then timezone('UTC', try_strptime(trim(value::varchar), spelling))::timestamptz
             else try_strptime(
                 case when spelling like '%z'
                      then regexp_replace(trim(value::varchar), '[zZ]$', '+00')
                      else trim(value::varchar) end,
                 spelling
             )::timestamptz end
    );

-- The moment of a number of seconds, or of milliseconds, since 1970; null where it is none.
create macro time_of_seconds(value) as within_bounds(
    to_timestamp(case when abs(try_cast(value as double)) < 1e11 then try_cast(value as double) end)
);
create macro time_of_milliseconds(value) as time_of_seconds(try_cast(value as double) / 1000);

-- The later of two moments (texts are read as of time_of); null where one of them is none.
create macro later_of(first_time, second_time) as case
    when time_of(first_time) is not null and time_of(second_time) is not null
    then greatest(time_of(first_time), time_of(second_time)) end;
