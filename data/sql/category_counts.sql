-- One row per category of exceptions: as it turned out or, while that is open, as it was raised.
select coalesce(outcomes.category, exceptions.type, '(none)') as category,
       count(*) as exceptions,
       count(outcomes.exception_id) as ended
from exceptions left join outcomes using (exception_id)
group by all
order by exceptions desc, category
