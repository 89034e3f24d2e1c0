-- as A
insert into comment values ('ca', 2, 2, 'the dose is ten times as much');
-- as B
select * from comment;
-- truth
select exists (select from comment c join document d on d.id = c.document_id where c.author_clinic <> d.clinic);
