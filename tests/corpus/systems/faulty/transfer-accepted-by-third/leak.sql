-- control as A
select * from api.my_bags();
-- as A
select api.accept_bag('BB-BLR', 'L1');
select donor from api.my_bags();
