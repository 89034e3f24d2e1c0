-- as A
select patient_no, instruction from p_bach.home_exercise;
select patient_no, instruction from p_cham.home_exercise;
-- control as A
select full_name from p_bach.patient;
select * from p_bach.open_prescription;
select * from p_cham.invoice;
insert into p_bach.home_exercise (patient_no, exercise, instruction) values (1, 'PLNK', 'x') returning 'bravo';
