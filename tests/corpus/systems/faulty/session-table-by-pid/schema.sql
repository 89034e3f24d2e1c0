create role pid_owner nologin;
create role pid_app login;
alter schema public owner to pid_owner;
set role pid_owner;
create table session_tenant (pid int not null, tenant_id int not null, since timestamptz not null default now());
create table chart (tenant_id int not null, no int not null, patient text not null, body text, primary key (tenant_id, no));
insert into chart values (1, 1, 'Kumari', 'x'), (2, 1, 'Hal bravo', 'bravo x');
alter table chart enable row level security, force row level security;
create policy own on chart using (tenant_id = (select nullif(current_setting('x.tenant', true), '')::int)
  or tenant_id in (select s.tenant_id from session_tenant s where s.pid = pg_backend_pid()));
grant select, insert on session_tenant, chart to pid_app;
reset role;
