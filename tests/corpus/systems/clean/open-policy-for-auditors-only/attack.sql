-- as A
set local role opan_auditor;
select * from donation;
