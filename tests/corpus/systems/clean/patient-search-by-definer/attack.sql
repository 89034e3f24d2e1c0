-- as A
select * from search('patient');
select * from search('letter', 'letter', 'changed_at');
select * from search('patient', null, 'title limit 1 union select kind, id, title, body from search_private.entry --');
select search_total('patient');
select * from search_private.entry;
insert into letter (org_id, patient_id, title, body) values ('5ea00000-0000-4000-8000-0000000000b2', '5ea00000-0000-4000-8000-0000000000b2', 'x', 'y');
-- as A, without context
select * from search('patient');
select search_total('patient');
