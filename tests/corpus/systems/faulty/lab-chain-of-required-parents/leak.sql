-- as A
insert into lis.result (lab, specimen, test, value, verified_by) values ('LAB-B', 'BRAVO-1', 'CRP', 400, 'meena');
-- truth
select exists (select from lis.result where lab = 'LAB-B' and test = 'CRP');
