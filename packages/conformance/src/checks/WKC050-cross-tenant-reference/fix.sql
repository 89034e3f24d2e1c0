alter table visit drop constraint visit_patient_id_fkey;
alter table visit add foreign key (branch_id, patient_id) references patient (branch_id, id);
