update visit v set patient_id = (select min(id) from patient p where p.branch_id = v.branch_id);
