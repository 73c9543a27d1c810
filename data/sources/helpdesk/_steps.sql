-- One row per event of the log, numbered within its ticket; the order of the file decides in a tie.
-- The clock stands still in no event: only completions are logged. So the work on a ticket, its
-- touch time, is not recorded; a ticket that somebody took in charge may lie there for weeks.
select "Case ID" as ticket,
       "Activity" as activity,
       "Resource" as resource,
       time_of("Complete Timestamp", '%Y/%m/%d %H:%M:%S.%g') as completed,
       row_number() over (partition by "Case ID" order by _file, _row) as step,
       customer, product, responsible_section, seriousness_2 as seriousness, service_level,
       service_type, support_section, workgroup,
       _file, _row
from log
