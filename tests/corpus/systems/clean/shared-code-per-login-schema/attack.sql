-- as A
select * from kern.present_on('2026-02-09');
-- as A
select kern.any_guest('haus_birke', 1);
-- as A
set local search_path = haus_birke, kern;
select * from kern.diary_of(1);
-- as A
set local search_path = haus_birke, kern;
select kern.table_rows('guest');
-- as A
select haus_birke.close_bill(1);
-- as A
select * from haus_ceder.present;
-- as A
select kern.deploy_house('dorn', 'x');
-- as A
insert into haus_ahorn.guest (house, no, name) values ('birke', 9, 'taken');
