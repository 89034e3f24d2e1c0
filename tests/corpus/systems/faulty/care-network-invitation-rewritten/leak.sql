-- control as A
select net.accept('00000000-0000-4000-c000-000000000001');
select net.accept('00000000-0000-4000-c000-000000000002');
select * from net.client;
select * from net.app_user;
-- as A
update net.invitation set org_id = '00000000-0000-4000-a000-000000000002' where email = 'ann@weser.example';
select net.accept('00000000-0000-4000-c000-000000000001');
select * from net.client;
