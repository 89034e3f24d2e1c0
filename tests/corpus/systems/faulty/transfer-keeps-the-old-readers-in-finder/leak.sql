-- as A
select words from finder;
-- control as A
select * from resident;
select f.words from finder f join resident r on (r.org, r.no) = (f.org, f.resident_no);
