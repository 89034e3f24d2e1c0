-- as A
insert into session_tenant (pid, tenant_id) values (pg_backend_pid(), 2);
select patient, body from chart;
