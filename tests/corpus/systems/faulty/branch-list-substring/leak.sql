-- as A
select patient, note from nurse_note;
