-- as A
select merge_patients('h1', 'd1000000-0000-4000-8000-000000000001', 'd2000000-0000-4000-8000-000000000001');
-- as A
select merge_patients('h10', 'd1000000-0000-4000-8000-000000000001', 'd2000000-0000-4000-8000-000000000001');
-- as A
select merge_patients(null, 'd1000000-0000-4000-8000-000000000001', 'd2000000-0000-4000-8000-000000000001');
-- as A
insert into encounter (unit, patient_id, note) values ('h1', 'd2000000-0000-4000-8000-000000000001', 'x');
-- as A
select merge_patients('h1', 'd1000000-0000-4000-8000-000000000001', 'd1000000-0000-4000-8000-000000000002');
select * from likely_duplicates();
select * from current_chart;
select * from encounter;
-- truth
select exists (select from encounter where unit <> 'h1' and patient_id not in (select id from patient where unit <> 'h1')) or exists (select from patient where unit <> 'h1' and merged_into is not null);
