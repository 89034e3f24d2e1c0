-- as A
select patient, diagnosis, goal, units_left from v_open_series order by patient;
-- control as A
select * from v_patient_card;
select * from v_session_sheet;
select * from series;
