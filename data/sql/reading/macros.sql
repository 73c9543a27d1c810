-- Words for the queries of sources; those for times stand in time_words.sql.

-- The code of a country (ISO 3166-1 alpha-2) by its name in one of seven languages, e.g.
-- country_of(land); what is no name of a country stays as it is.
create macro country_of(value) as coalesce(
    (select any_value(code) from country_names
     where name = regexp_replace(strip_accents(lower(trim(value))), '[\s''.,()&-]+', ' ', 'g')),
    value);
