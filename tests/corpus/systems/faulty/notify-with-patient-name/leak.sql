-- as A
listen queue_changed;
-- as B
insert into queue values (2, 9, 'Sue bravo', '3');
-- as A, own connection
select 1;
