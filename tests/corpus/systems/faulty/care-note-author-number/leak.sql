-- as A
select no, written_at, body from care_note order by written_at;
-- control as A
select * from confidential_of_mine;
select * from care_note_reading;
select * from visit v join visit_service s using (station, day, round_no, seq);
