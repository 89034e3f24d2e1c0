-- as A, without context
select patient from registration;
