-- control as A
select patient, complaint from case_file;
-- as A
update profile set mail = 'guest.bravo@cardio.example';
select patient, complaint from case_file;
select body from case_note;
