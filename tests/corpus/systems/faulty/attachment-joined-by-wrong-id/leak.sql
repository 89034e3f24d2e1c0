-- as A
select name from attachment;
