-- as A
select lab_code, patient, title, value, told from report.m_critical_value;
-- control as A
select patient, told from report.critical_value;
select * from report.turnaround;
select * from report.sender_volume;
select patient from lab.request;
-- control as A
select * from report.m_sender_volume;
