-- as A
select * from care_note;
