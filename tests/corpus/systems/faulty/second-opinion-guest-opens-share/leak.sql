-- control as A
insert into opinio.case_share (clinic_id, case_no, guest_clinic_id, reason) values (102, 3, 101, 'asked by letter');
select patient_name from opinio.patient_case;
select finding from opinio.case_finding;
select reason from opinio.case_share;
-- as A
insert into opinio.case_share (clinic_id, case_no, guest_clinic_id, state, reason) values (102, 2, 101, 'active', 'asked by letter');
select patient_name, question from opinio.patient_case;
select title, body from opinio.case_document;
