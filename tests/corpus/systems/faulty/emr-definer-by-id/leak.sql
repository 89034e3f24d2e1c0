-- as A
select * from open_chart(2);
