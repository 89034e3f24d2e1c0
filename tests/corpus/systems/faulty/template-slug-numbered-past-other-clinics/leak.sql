-- control as A
insert into document_template (clinic, title, body) values ('isar', 'Hepatitis test consent', 'I agree.') returning slug;
select * from document_template;
select * from active_template;
-- as A
insert into document_template (clinic, title, body) values ('isar', 'HIV test consent', 'I agree.') returning slug;
