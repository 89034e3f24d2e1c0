alter table visit add foreign key (patient_id) references patient (id) on delete cascade;
alter table visit drop constraint visit_branch_id_patient_id_fkey;
