-- Words for the queries of sources; those for times stand in time_words.sql.

-- A text without blanks, apostrophes between thousands, and signs of currencies.
create macro digits_of(text) as regexp_replace(text, '[\s\x{a0}\x{202f}''\x{2019}€$£¥]', '', 'g');

-- The number of a text by its decimal mark, ',' or '.'; the other one separates thousands:
-- number_of(betrag, ',') of '1.234,50'. Null where the text is none.
create macro number_of(value, mark) as try_cast(
    case when mark = ','
              and regexp_full_match(digits_of(value::varchar), '[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?')
         then replace(replace(digits_of(value::varchar), '.', ''), ',', '.')
         when mark = '.' and regexp_full_match(
                  digits_of(value::varchar),
                  '[+-]?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?'
              )
         then replace(digits_of(value::varchar), ',', '')
    end as double);

-- The code of a country (ISO 3166-1 alpha-2) by its name in one of seven languages, e.g.
-- country_of(land); what is no name of a country stays as it is.
create macro country_of(value) as coalesce(
    (select any_value(code) from country_names
     where name = regexp_replace(strip_accents(lower(trim(value))), '[\s''.,()&-]+', ' ', 'g')),
    value);
