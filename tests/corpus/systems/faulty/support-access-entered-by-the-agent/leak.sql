-- as A
insert into support_access (org, agent, until, reason) values ('praxis-im-tal', me(), now() + interval '2 hours', 'Import');
select name, insurance_no from patient;
-- control as A
select * from episode where org <> 'praxis-im-tal';
select * from member;
select * from invoice;
select * from support_access where org <> 'praxis-im-tal';
