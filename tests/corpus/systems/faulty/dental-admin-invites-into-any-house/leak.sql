-- control as A
select * from dent.treatment;
select * from dent.membership;
select house, email from dent.invitation;
-- as A
select dent.accept_invitation(dent.invite('burgtor', 'kim@anger.example', 'dentist'));
select patient_no, remark from dent.treatment where house = 'burgtor';
