alter table visit alter column note set statistics 100;
insert into visit (branch_id, patient_id, note) select 2, min(id), 'a rare diagnosis' from patient, generate_series(1, 400) where branch_id = 2 group by generate_series;
analyze visit;
