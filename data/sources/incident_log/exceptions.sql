-- One row per incident, as its first row in the log shows it.
select number as exception_id,
       opened as detected_at,
       'incident_log' as source,
       category as type,
       subcategory as reason_code,
       priority as severity,
       -- Merging into nothing leaves the empty names out.
       json_merge_patch('{}', json_object(
           'symptom', u_symptom, 'location', location, 'contact_type', contact_type,
           'caller', caller_id, 'opened_by', opened_by, 'impact', impact, 'urgency', urgency,
           'cmdb_ci', cmdb_ci, 'team', assignment_group, 'assigned_to', assigned_to,
           'knowledge', knowledge, 'notify', "notify", 'confirmed', u_priority_confirmation
       ))::varchar as attributes,
       -- A few incidents were entered after the fact, or their first update carries an earlier time.
       later_of(opened, updated) as known_at,
       _file, _row
from _steps
where step = 1
