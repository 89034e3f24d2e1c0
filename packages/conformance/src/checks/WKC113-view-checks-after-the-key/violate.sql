create view patient_desk as select branch_id, id, mrn, name from patient where branch_id = current_setting('app.branch')::int with cascaded check option;
alter table patient no force row level security;
grant select, insert, update on patient_desk to :"app";
