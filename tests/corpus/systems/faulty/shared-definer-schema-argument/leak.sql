-- control as A
select * from practice_canine.patient;
select * from shared.recall_list('practice_molar');
-- as A
select name, reason from shared.recall_list('practice_canine');
