-- as A
select api.push('t01', '{"visits": [{"visit_no": "t07-1", "client_no": "k1", "staff_no": "s1", "started_at": "2026-03-02T08:00:00Z", "summary": "nothing to report"}]}');
-- control as A
select api.pull();
-- truth
select exists (select from care.visit where visit_no = 't07-1' and agency = 'bravo-care' and summary = 'nothing to report');
