-- as A
select subject_kind, author, body from note;
-- control as A
select n.body from note n join patient p on n.subject_kind = 'patient' and p.id = n.subject_id;
select * from lab_order;
select * from note_read;
