-- as A
insert into opd_token (hospital_id, patient) values (9101, 'first');
-- as B
insert into opd_token (hospital_id, patient) values (9102, 'bravo x'), (9102, 'bravo y');
-- as A
insert into opd_token (hospital_id, patient) values (9101, 'second');
select 'bravo' from opd_token where patient in ('first', 'second') having max(token) - min(token) <> 1;
