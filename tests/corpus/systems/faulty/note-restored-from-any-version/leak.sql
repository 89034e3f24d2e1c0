-- control as A
select body from note_version;
select body from progress_note;
-- as A
select restore_note(1, 2);
select body from progress_note where note_no = 1;
