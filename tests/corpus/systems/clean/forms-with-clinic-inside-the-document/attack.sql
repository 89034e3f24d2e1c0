-- as A
select doc from form where doc -> 'copied_from' ->> 'clinic' = 'moga';
select body from form_comment;
-- as A
update form set doc = jsonb_set(doc, '{meta,clinic}', '"barnala"');
-- as A
insert into form (doc) values ('{"meta": {"clinic": "barnala", "no": 1}}') on conflict (clinic, no) do update set doc = jsonb_set(form.doc, '{meta,clinic}', '"moga"') returning doc;
-- as A
insert into form (doc) values ('{"meta": {"clinic": ["moga", "barnala"], "no": 9}}');
-- truth
select (select count(*) from form where clinic = 'barnala') <> 1;
