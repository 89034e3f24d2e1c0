-- as A
insert into implanted values ('implcons_gull', 3, 'H77-4', 'left', 'serial is known') returning remark;
-- control as A
insert into implanted values ('implcons_gull', 3, 'H77-9', 'left', 'serial is known') returning remark;
-- control as A
insert into inventory_count values ('implcons_gull', 'H77-4', '2026-03-01', 'serial is known') returning remark;
-- control as A
insert into invoice_to_maker values ('implcons_gull', 'H77-4', 99, 'serial is known') returning purpose;
-- control as A
select on_shelf('6260-9');
select * from consigned_item;
