-- as A
select * from comments_on('patient', '1');
select * from flags_flag;
update charts_patient set name = 'taken' where organisation <> 'hno-aller' returning *;
delete from comments_comment where organisation <> 'hno-aller' returning *;
-- as A
set role coaf_doctor;
select * from charts_patient;
-- as A
update charts_patient set organisation = 'hno-bode', id = 900 where id = 1 returning *;
-- truth
select exists (select from charts_patient where organisation <> 'hno-aller' and (name = 'taken' or id = 900));
-- as A, without context
select * from comments_comment;
