-- as A
update invoice set amount = 0;
insert into invoice values (2, 88, 'planted', 1);
-- truth
select exists (select from invoice where office = 2 and (amount = 0 or patient = 'planted'));
