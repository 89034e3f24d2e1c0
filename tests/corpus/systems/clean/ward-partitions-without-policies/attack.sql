-- as A
select * from ward.stay;
select tableoid::regclass, * from ward.vital;
select * from ward.stay_med_b;
select * from ward.vital_2026;
select * from ward.occupancy_all;
select * from ward.occupancy;
select * from ward.kitchen;
update ward.stay set unit = 'med-b' where id = 901;
insert into ward.stay values ('med-b', 950, 1, 'Meddled', 'N', '2026-01-01');
insert into ward.stay values ('nowhere', 951, 1, 'Meddled', 'N', '2026-01-01');
update ward.stay set patient = 'Meddled' where unit <> 'med-a';
delete from ward.round_note where unit <> 'med-a';
-- truth
select exists (select from ward.stay where patient = 'Meddled') or (select count(*) from ward.round_note where unit <> 'med-a') <> 12;
