-- as A
select caller, advice from phone_consult order by caller;
-- control as A
select caller, advice from phone_consult where site_id is not null;
select * from consult_task;
select * from patient;
