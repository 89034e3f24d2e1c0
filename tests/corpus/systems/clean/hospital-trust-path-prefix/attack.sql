-- as A
select * from trust.organisation;
select * from trust.patient;
select * from trust.incident;
select * from trust.waiting_by_clinic();
-- as A
insert into trust.incident (org_id, path, incident_no, report) values (111, '/1/11/1110/', 50, 'planted');
select path from trust.incident where incident_no = 50;
-- as A
insert into trust.incident (org_id, path, incident_no, report) values (1110, '/1/11/111/', 51, 'planted');
-- as A
update trust.patient set path = '/1/';
-- as A, without context
select * from trust.waiting_by_clinic();
-- truth
select exists (select from trust.incident where report = 'planted' and (org_id <> 111 or path <> '/1/11/111/')) or exists (select from trust.patient where path = '/1/');
