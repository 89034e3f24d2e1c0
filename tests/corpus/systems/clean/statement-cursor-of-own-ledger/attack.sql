-- as A
select open_statement();
fetch all from statement;
select open_statement('other', null, null, 'PMJAY');
fetch all from other;
-- as A, without context
select open_statement();
