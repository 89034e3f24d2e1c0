-- as A
update attachment set readers = '["cl_pune"]';
select * from attachment where clinic = 'cl_surat';
-- truth
select exists (select from attachment where clinic = 'cl_surat' and readers = '["cl_pune"]');
