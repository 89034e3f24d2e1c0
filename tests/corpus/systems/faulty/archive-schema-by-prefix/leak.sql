-- as A
select patient, note from shared.export_lessons('praxis_12');
-- control as A
select patient, note from shared.export_lessons('praxis_1');
select patient, note from shared.export_lessons('praxis_1_2024');
select * from praxis_1.lesson;
