-- as A
insert into opd_token (hospital_id, patient) values (9001, 'first');
-- as B
insert into opd_token (hospital_id, patient) values (9002, 'bravo x'), (9002, 'bravo y'), (9002, 'bravo z');
-- as A
insert into opd_token (hospital_id, patient) values (9001, 'second');
select 'others took ' || max(token) - min(token) - 1 from opd_token where patient in ('first', 'second');
