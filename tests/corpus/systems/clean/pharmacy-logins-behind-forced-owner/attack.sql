-- as A
select * from rx.script_history;
select * from rx.shelf_worth;
select * from rx.find_customer('');
select * from rx.find_customer('%bravo%');
set session authorization plf_swan;
set role plf_owner;
insert into rx.sale values (1, 90, null, 456, 3, 'Till 1');
select rx.clear_baskets();
insert into rx.sale values (2, 91, null, 456, 3, 'Till 2');
create temp table till_roll (like rx.sale);
create trigger sold after insert on till_roll for each row execute function rx.sold();
insert into till_roll values (2, 92, null, 456, 3, 'Till 2');
insert into till_roll values (1, 93, null, 789, 5, 'Till 1');
-- truth
select (select count(*) from rx.basket where shop_id in (2, 3)) <> 6 or (select min(pieces) from rx.shelf where shop_id > 1) <> 40
  or (select count(*) from rx.narcotics_book where shop_id > 1) <> 2;
