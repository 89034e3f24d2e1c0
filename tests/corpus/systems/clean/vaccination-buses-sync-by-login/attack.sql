-- as A
select bus.push_doses('[{"office": "biber", "local_id": "tab1-1", "person_no": "p1", "vaccine": "mmr", "lot": "planted", "given_at": "2026-03-01", "changed_at": "2026-03-01"}]');
select bus.pull();
-- as A
select bus.drop_doses(array['tab1-2', 'tab1-1']);
-- as A
select * from bus.import_documents('[{"office": "biber", "document_id": "d1", "person_no": "p1", "title": "planted", "body": "x"}]');
select * from bus.document;
-- as A
select * from bus.search_documents(''') or true --', 'title');
select * from bus.search_documents('bravo');
-- truth
select exists (select from bus.dose where office <> 'adler' and lot = 'planted') or exists (select from bus.document where office <> 'adler' and title = 'planted') or (select count(*) from bus.dose where office <> 'adler') <> 2;
