-- as A
select * from top_medicines;
