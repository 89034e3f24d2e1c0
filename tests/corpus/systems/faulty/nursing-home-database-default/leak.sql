-- as A, without context
select name, dementia_stage from resident;
