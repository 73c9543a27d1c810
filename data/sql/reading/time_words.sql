-- Words for the queries of sources. Moments without an offset are read in the zone of the import.

-- A moment between 1900 and 2199; else null.
create macro within_bounds(moment) as case when year(moment) between 1900 and 2199 then moment end;

-- A text in which Z, UTC and GMT are written as the offset +00.
create macro with_offset(text) as
    regexp_replace(text, '(^|[^A-Za-z])(?:[zZ]|UTC|GMT)($|[^A-Za-z])', '\1+00\2');

-- A moment of the basic format of ISO 8601 in the extended one; an offset with an hour of two digits.
create macro in_extended_format(text) as regexp_replace(regexp_replace(text,
    '^(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(\d\d)?', '\1-\2-\3T\4:\5:\6'),
    '(:\d\d)\s*([+-])(\d:\d\d)$', '\1\20\3');

-- A moment, or null where the value is none. Without a spelling: ISO 8601, with or without an offset.
-- With one, as of strptime: time_of(opened, '%d/%m/%Y %I:%M %p'). %z reads an offset, Z, UTC and GMT
-- too; it is used, and the zone of the import does not shift it again. A 'Z' that ends the spelling is UTC.
create macro time_of(value) as within_bounds(try_cast(
        case when regexp_matches(in_extended_format(trim(value::varchar)), '^\d{4}-\d') then regexp_replace(
            with_offset(replace(in_extended_format(trim(value::varchar)), ',', '.')),
            '(:\d\d(?:\.\d+)?)\s*([+-]\d\d)(\d\d)?$', '\1\2:\3'
        ).regexp_replace(':$', '') end as timestamptz
    )),
    (value, spelling) as within_bounds(
        case when regexp_matches(spelling, '[^%]Z$')
             then timezone('UTC', try_strptime(trim(value::varchar), spelling))::timestamptz
             else try_strptime(
                 case when contains(spelling, '%z')
                      then with_offset(trim(value::varchar))
                      else trim(value::varchar) end,
                 spelling
             )::timestamptz end
    );

-- The moment of a number of seconds, or of milliseconds, since 1970; null where it is none.
create macro time_of_seconds(value) as within_bounds(
    to_timestamp(case when abs(try_cast(value as double)) < 1e11 then try_cast(value as double) end)
);
create macro time_of_milliseconds(value) as time_of_seconds(try_cast(value as double) / 1000);

-- The moment of a date that a workbook shows as a number: days since 30 December 1899, noon at .5.
create macro time_of_serial(value) as within_bounds((
    timestamp '1899-12-30' + to_milliseconds(
        round(case when try_cast(value as double) between 1 and 110000
                   then try_cast(value as double) * 86400000 end)::bigint
    ))::timestamptz);

-- The later of two moments (texts are read as of time_of); null where one of them is none.
create macro later_of(first_time, second_time) as case
    when time_of(first_time) is not null and time_of(second_time) is not null
    then greatest(time_of(first_time), time_of(second_time)) end;
