-- as A
select refresh_worklist();
select * from worklist;
select * from find_in_worklist('');
select * from find_in_worklist('%');
select * from load_by_modality;
-- as A
select * from worklist_snapshot;
-- as A
select * from worklist where 1 / (case when question like '%City%' then 0 else 1 end) = 1;
-- as A, without context
select * from worklist;
