revoke insert, update on patient_desk from :"app";
alter table patient force row level security;
