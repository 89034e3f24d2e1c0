-- as A
insert into dose (site, dose_no, child, vaccine) values ('TN-02', 777, 'planted', 'BCG');
-- truth
select exists (select from dose where site = 'TN-02' and child = 'planted');
