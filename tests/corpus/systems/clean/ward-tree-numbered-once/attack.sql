-- as A
insert into admission values (2, 22, 9, 'x', 'y');
-- as A
insert into admission values (2, 12, 9, 'x', 'y');
-- as A
update admission set group_id = 2, unit_id = 22;
-- as A
insert into nursing_round values (2, 22, 1, now(), 'seen');
-- as A
select * from my_units();
select a.patient from admission a join unit u using (unit_id) where u.lft > 6;
