-- as A
select * from p_jost.patient;
-- as A
select * from hub.outbox;
-- as A
insert into patient (no, name) values (77, 'New one');
select * from hub.my_outbox;
-- as A
set role psso_jost;
-- as A
select hub.withdraw(id) from hub.my_outbox;
-- truth
select (select count(*) from hub.outbox where tenant <> 'ilse') <> 2;
