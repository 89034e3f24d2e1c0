-- as A
select * from my_outbox;
select * from take_message();
select * from take_message();
select * from take_message();
select * from turnaround;
update my_sample set patient = 'taken' where lab = 'birke' returning *;
delete from my_sender where lab <> 'aster';
-- as A
insert into my_sample values ('birke', 9, 1, 'taken', now());
-- as A
update my_sample set lab = 'birke' where no = 1;
-- as A
insert into my_measured values ('birke', 1, 'K', 4, 'taken');
-- as A
select * from sample;
-- as A
set role lablgn_birke;
-- truth
select exists (select from outbox where lab <> 'aster' and taken_at is not null) or exists (select from sample where patient = 'taken' and lab <> 'aster')
  or (select count(*) from sender where lab <> 'aster') <> 4;
