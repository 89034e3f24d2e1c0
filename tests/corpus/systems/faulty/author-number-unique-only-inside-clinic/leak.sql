-- as A
select * from note order by no;
