create role k5od_dispatcher login;
create role k5od_owner nologin;
create role k5od_app login;
alter schema public owner to k5od_owner;
set role k5od_owner;
create table outbox (
  tenant_no int not null,
  no int not null,
  topic text not null,
  payload jsonb not null,
  sent_at timestamptz,
  primary key (tenant_no, no)
);
insert into outbox values (7, 1, 'visit.closed', '{"patient": "Ivan"}', null), (8, 1, 'visit.closed', '{"patient": "Judit bravo"}', null);
alter table outbox enable row level security, force row level security;
create policy tenant on outbox to k5od_app using (tenant_no = (select nullif(current_setting('app.tenant_no', true), '')::int));
create policy dispatch on outbox to k5od_dispatcher using (sent_at is null) with check (true);
grant select, insert, delete on outbox to k5od_app;
grant select on outbox to k5od_dispatcher;
grant update (sent_at) on outbox to k5od_dispatcher;
reset role;
