-- as A
select * from jobs.claim();
-- as A
select jobs.bury('brio', 1, 'x');
-- as A
select * from jobs.mine;
select * from jobs.queue;
select jobs.cancel(1);
-- as A
insert into rx.erx values ('alto', 9, 1, 'd1', 'new');
update rx.erx set tenant = 'brio' where no = 9;
-- as A
set role qwo_worker;
select * from jobs.queue;
-- truth
select exists (select from jobs.queue where tenant <> 'alto' and state = 'cancelled') or (select count(*) from jobs.queue where tenant = 'brio') <> 1;
