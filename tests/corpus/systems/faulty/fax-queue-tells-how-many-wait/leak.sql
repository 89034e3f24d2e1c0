-- control as A
select state, queued_at, body from fax.fax_job;
select fax.fax_position(id) from fax.fax_job where state = 'failed';
-- as A
select fax.fax_position(id) from fax.fax_job where state = 'waiting' order by queued_at desc;
