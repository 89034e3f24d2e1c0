-- as A
select * from scan.by_barcode(substr(md5('barcode22222222-2222-4222-8222-2222222222221'), 1, 16));
insert into scan.document (id, branch_id, folder_id, doc_type, source, digest, title)
  values (md5('document22222222-2222-4222-8222-2222222222221')::uuid, '11111111-1111-4111-8111-111111111111', md5('folder11111111-1111-4111-8111-111111111111')::uuid, 'LET', 'FAX', 'x', 'x');
update scan.document set barcode = 'X';
insert into scan.document (branch_id, folder_id, doc_type, source, digest, title)
  values ('11111111-1111-4111-8111-111111111111', md5('folder22222222-2222-4222-8222-222222222222')::uuid, 'LET', 'FAX', 'y', 'y');
insert into scan.page values ('11111111-1111-4111-8111-111111111111', md5('document22222222-2222-4222-8222-2222222222221')::uuid, 2, 'mine');
select scan.import_documents('11111111-1111-4111-8111-111111111111', md5('folder11111111-1111-4111-8111-111111111111')::uuid,
  jsonb_build_array(jsonb_build_object('doc_type', 'LET', 'source', 'FAX', 'digest', md5('digest1'), 'title', 'taken over')));
select scan.import_documents('22222222-2222-4222-8222-222222222222', md5('folder22222222-2222-4222-8222-222222222222')::uuid,
  jsonb_build_array(jsonb_build_object('doc_type', 'LET', 'source', 'FAX', 'digest', md5('digest1'), 'title', 'taken over')));
select d.title, p.words from scan.document d join scan.page p on p.document_id = d.id;
-- truth
select (select count(*) from scan.document where branch_id <> '11111111-1111-4111-8111-111111111111' and title like 'Letter%') <> 6
  or exists (select from scan.page where words = 'mine');
