-- as A
select purge_expired();
select adopt_template('Welcome');
select * from document_template;
delete from document_template where org is null returning *;
update care_plan_item set goal = 'x' where org is null returning *;
-- truth
select (select count(*) from resident where org <> 'amrum') <> 6 or (select count(*) from document_template where org is null) <> 1;
-- as A
select * from retention_overview;
-- as A
select drop_org('borkum');
-- as A
set role drrj_retention;
-- as A
select set_config('role', 'drrj_owner', false);
-- as A, without context
select * from resident;
