-- as A
set local role ludwin_support;
select * from patient;
-- as A
select * from living_patient;
select * from ticket;
