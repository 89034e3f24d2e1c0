-- as A
select * from api.delivery;
select api.sign_delivery(3, 'me');
set local role apoview_shop;
select * from api.customer;
update api.customer set note = 'taken';
delete from api.delivery where no = 4;
select * from store.customer;
set local role apoview_markt;
-- truth
select exists (select from store.customer where pharmacy <> 'linden' and note = 'taken') or (select count(*) from store.delivery where pharmacy <> 'linden') <> 8;
