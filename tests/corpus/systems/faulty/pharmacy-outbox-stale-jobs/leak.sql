-- as A
select * from claim_jobs('w1', array['label']);
-- control as A
select id, kind, payload, worker from outbox_job;
select * from queue_depth;
select finish_job('e0000000-0000-4000-8000-000000000002', true, 'x');
