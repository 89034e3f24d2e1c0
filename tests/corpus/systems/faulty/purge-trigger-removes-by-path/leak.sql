-- control as A
select * from vet.document;
select * from vet.stored_file;
select * from vet.document_list;
-- as A
delete from vet.document where path = '2026/0002.pdf';
-- truth
select not exists (select from vet.stored_file where clinic = 'birke' and path = '2026/0002.pdf');
