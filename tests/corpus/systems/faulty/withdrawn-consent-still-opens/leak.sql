-- as A
select * from document;
