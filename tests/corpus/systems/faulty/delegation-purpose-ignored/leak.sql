-- control as A
select * from phone_slot;
-- as A
select patient, note from case_note;
