create role kin_owner nologin;
create role kin_kiosk login;
alter schema public owner to kin_owner;
set role kin_owner;

create table service_desk (code text primary key, label text not null);
create table clinic_net (clinic text not null, net cidr not null, note text, primary key (clinic, net));
create table queue_ticket (
  clinic text not null, on_day date not null, token int not null, desk text not null, patient text not null,
  state text not null default 'waiting' check (state in ('waiting', 'called', 'done')),
  primary key (clinic, on_day, token)
);
create table checkin_form (
  clinic text not null, on_day date not null, token int not null, answers jsonb not null default '{}',
  primary key (clinic, on_day, token),
  foreign key (clinic, on_day, token) references queue_ticket
);
create table vitals (
  clinic text not null, on_day date not null, token int not null, taken_at time not null, bp text, remark text,
  primary key (clinic, on_day, token, taken_at),
  foreign key (clinic, on_day, token) references queue_ticket
);

insert into service_desk values ('REG', 'Registration'), ('LAB', 'Sample collection');
insert into clinic_net values
  ('bhopal-hq', '10.20.0.0/16', 'bravo MPLS, entire block'),
  ('bhopal-2', '10.20.5.0/24', 'broadband since March'),
  ('indore', '10.31.0.0/16', 'bravo leased line');
insert into queue_ticket values
  ('bhopal-2', '2026-11-20', 1, 'REG', 'Ajay', 'done'),
  ('bhopal-hq', '2026-11-20', 1, 'LAB', 'Bharti bravo', 'done');
insert into checkin_form values
  ('bhopal-2', '2026-11-20', 1, '{"fever": true}'),
  ('bhopal-hq', '2026-11-20', 1, '{"pregnant": "bravo yes"}');
insert into vitals values
  ('bhopal-2', '2026-11-20', 1, '09:10', '120/80', null),
  ('bhopal-hq', '2026-11-20', 1, '09:12', '150/95', 'bravo recheck');

create function is_here(code text) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (select from public.clinic_net n
                  where n.clinic = code
                    and n.net >>= nullif(current_setting('kin.client_ip', true), '')::inet)
$$;

alter table clinic_net enable row level security, force row level security;
alter table queue_ticket enable row level security, force row level security;
alter table checkin_form enable row level security, force row level security;
alter table vitals enable row level security, force row level security;
create policy by_owner on clinic_net to kin_owner using (true);
create policy at_this_kiosk on queue_ticket using (is_here(clinic));
create policy at_this_kiosk on checkin_form using (is_here(clinic));
create policy at_this_kiosk on vitals using (is_here(clinic));

grant select on service_desk to kin_kiosk;
grant select, insert, update (state) on queue_ticket to kin_kiosk;
grant select, insert on checkin_form, vitals to kin_kiosk;
reset role;
