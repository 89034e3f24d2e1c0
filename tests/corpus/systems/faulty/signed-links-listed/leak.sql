-- as A
select * from share_link;
select * from report;
