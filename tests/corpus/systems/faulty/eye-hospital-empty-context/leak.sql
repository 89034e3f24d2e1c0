-- as A
select 1;
-- as A, without context, same connection
select patient, remark from refraction;
