-- as A
select queue.waiting_jobs();
select * from queue.take_job('SN1');
select * from queue.take_job('SN1');
select * from queue.take_job('SN1');
select queue.finish_job('T0004', 'TSH', 'taken');
select queue.finish_job('T0001', 'TSH', 'taken');
select * from queue.job where lab_id = 72;
set local role labq_worker;
-- as A, without context
select * from queue.take_job('SN1');
select queue.waiting_jobs();
-- truth
select exists (select from queue.result where lab_id <> 71 and value = 'taken') or exists (select from queue.job where lab_id <> 71 and state = 'running');
