-- as A
select api.accept_bag('BK-2', 'L1');
select * from api.my_bags();
-- truth
select not exists (select from store.bag where bank = 'BK-2' and bag_no = 'L1');
