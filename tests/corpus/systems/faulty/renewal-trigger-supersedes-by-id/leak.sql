-- control as A
select cancel_prescription('0f000000-0000-4000-8000-000000000172');
select status, directions from prescription;
select remark from status_log;
-- as A
insert into prescription (practice_id, patient_no, directions, replaces) values (71, 1, '1-0-0', '0f000000-0000-4000-8000-000000000072');
-- truth
select exists (select from prescription where practice_id = 72 and id = '0f000000-0000-4000-8000-000000000072' and status = 'superseded');
