-- as A
insert into specimen (barcode, patient) values ('KAN-000002', 'planted');
update specimen set barcode = 'KAN-000003', patient = 'planted';
insert into test_order (barcode, test) values ('KAN-000001', 'planted');
-- truth
select exists (select from specimen where site = 'KAN' and patient = 'planted') or exists (select from test_order where test = 'planted');
