-- as A
select api.chart(2);
-- as A
select * from api.search('%');
-- as A
select * from api.search('bravo', 'text" union all select ''x'', 1, name from core.patient --');
-- as A
select * from api.search('%', 'no', '{patient,everything}');
-- as A
select api.save_patient('{"practice_id": 20, "no": 2, "name": "taken"}');
select api.erase_patient(2);
-- as A
select * from core.patient;
-- truth
select exists (select from core.patient where practice_id = 20 and name = 'taken') or (select count(*) from core.patient where practice_id = 20) < 2;
