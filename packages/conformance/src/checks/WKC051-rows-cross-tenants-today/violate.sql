alter table visit drop constraint visit_branch_id_patient_id_fkey;
alter table visit add foreign key (patient_id) references patient (id);
update visit set patient_id = (select min(id) from patient where branch_id = 2) where id = (select min(id) from visit where branch_id = 1);
