-- Drop the object.
drop table r_object
