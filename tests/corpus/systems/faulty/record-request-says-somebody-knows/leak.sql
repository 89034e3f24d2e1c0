-- as A
insert into patient values ('AUG', 70, '900202-2', 'trial');
insert into record_request (clinic, no, national_id, reason) values ('AUG', 70, '900202-2', 'adm');
select state from record_request where no = 70;
-- control as A
insert into patient values ('AUG', 71, '999999-9', 'trial');
insert into record_request (clinic, no, national_id, reason) values ('AUG', 71, '999999-9', 'adm');
select state from record_request where no = 71;
