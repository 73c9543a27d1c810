-- The object is done with.
drop table r_object
