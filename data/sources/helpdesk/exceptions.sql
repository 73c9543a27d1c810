-- One row per ticket, as its first event shows it.
select ticket as exception_id,
       completed as detected_at,
       'helpdesk' as source,
       service_type as type,
       seriousness as severity,
       json_object(
           'product', product, 'customer', customer, 'section', responsible_section,
           'service_level', service_level, 'support_section', support_section,
           'workgroup', workgroup, 'first_activity', activity, 'opened_by', resource
       )::varchar as attributes,
       _file, _row
from _steps
where step = 1
