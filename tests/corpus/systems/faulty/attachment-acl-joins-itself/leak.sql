-- control as A
select note from attachment;
-- as A
update attachment set readers = '["cl_nagpur"]';
select clinic, note from attachment;
