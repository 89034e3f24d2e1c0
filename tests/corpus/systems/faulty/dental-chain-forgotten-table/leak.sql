-- as A
select finding from xray;
