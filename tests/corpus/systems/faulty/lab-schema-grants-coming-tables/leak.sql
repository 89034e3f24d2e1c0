-- as A
select * from lab_barmbek.qc_remark;
-- control as A
select * from lab_barmbek.patient;
-- control as A
select * from lab_celle.qc_remark;
-- control as A
select * from qc_remark;
-- control as A
insert into lab_barmbek.qc_remark (day, device, body) values ('2026-02-01', 'x', 'y') returning *;
