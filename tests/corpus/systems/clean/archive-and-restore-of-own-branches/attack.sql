-- as A
select archive.restore('ac000000-0000-4000-8000-000000000008');
-- as A
select archive.restore('ac000000-0000-4000-8000-000000000007');
select * from rec.visit;
-- as A
select archive.purge(8);
select * from archive.patient_history;
select * from archive.entry;
-- as A
delete from rec.visit where no = 1;
select doc from archive.entry;
-- as A
update rec.visit set branch_id = 8 where no = 1;
-- as A
set role aro_archivist;
select * from archive.entry;
-- truth
select (select count(*) from archive.entry where branch_id = 8) <> 1 or (select count(*) from rec.visit where branch_id = 8) <> 1;
