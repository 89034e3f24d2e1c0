create role k5ob_owner nologin;
create role k5ob_app login;
alter schema public owner to k5ob_owner;
set role k5ob_owner;
create table prescription (tenant_no int not null, no int not null, patient text not null, drug text not null, primary key (tenant_no, no));
create table outbox (
  tenant_no int not null,
  no int not null,
  topic text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  primary key (tenant_no, no)
);
create index outbox_unsent on outbox (created_at) where sent_at is null;
insert into prescription values (7, 1, 'Ivan', 'salbutamol'), (8, 1, 'Judit bravo', 'bravo PrEP');
insert into outbox values
  (7, 1, 'prescription.created', '{"patient": "Ivan"}', '2026-03-01', '2026-03-01'),
  (8, 1, 'prescription.created', '{"patient": "Judit bravo", "drug": "bravo PrEP"}', '2026-03-02', null);
alter table prescription enable row level security, force row level security;
alter table outbox enable row level security, force row level security;
create policy tenant on prescription using (tenant_no = (select nullif(current_setting('app.tenant_no', true), '')::int));
create policy tenant on outbox using (tenant_no = (select nullif(current_setting('app.tenant_no', true), '')::int));
create policy dispatch on outbox for select using (sent_at is null);
grant select, insert, update on prescription to k5ob_app;
grant select, insert on outbox to k5ob_app;
grant update (sent_at) on outbox to k5ob_app;
reset role;
