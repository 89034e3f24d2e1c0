-- as A
select child, vaccine from immunisation;
