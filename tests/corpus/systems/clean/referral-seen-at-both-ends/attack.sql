-- as A
select * from tray;
-- as A
insert into referral_finding values (1, 1, 2, 1, 'mine');
insert into answer values (1, 2, 1, 'asked nobody');
-- as A
update referral set sent_at = now(), question = 'all';
select * from finding;
