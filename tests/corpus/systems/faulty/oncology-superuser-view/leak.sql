-- as A
select * from chemo_summary;
