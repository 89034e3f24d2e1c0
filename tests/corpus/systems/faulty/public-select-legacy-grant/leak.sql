-- as A
select patient, operation from surgery.plan_draft;
