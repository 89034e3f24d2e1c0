-- as A
insert into attachment_text values ('bbbb0000-0000-4000-8000-000000000001', 2, 'planted');
-- truth
select exists (select from attachment_text where body = 'planted');
