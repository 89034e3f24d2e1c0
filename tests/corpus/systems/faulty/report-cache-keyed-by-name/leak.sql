-- control as A
select api.report('top_patients', '2026-06-02');
-- as A
select api.report('top_patients', '2026-06-01');
