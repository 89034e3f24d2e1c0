create role dse_owner nologin;
create role dse_web login;
do $$ begin
  execute format('revoke temporary on database %I from public', current_database());
  execute format('grant temporary on database %I to dse_owner', current_database());
end $$;
alter schema public owner to dse_owner;
set role dse_owner;
create table kendra (kendra_id uuid primary key, naam text not null);
create table appointment (
  kendra_id uuid not null references kendra, day date not null, slot time not null, chair int not null, patient text not null, note text,
  primary key (kendra_id, day, slot, chair));
create table walk_in (
  kendra_id uuid not null references kendra, day date not null, token int not null, arrived time not null, patient text not null, note text,
  primary key (kendra_id, day, token));
create table follow_up (
  kendra_id uuid not null references kendra, due date not null, patient text not null, reason text not null,
  primary key (kendra_id, due, patient));
insert into kendra values ('a0000000-0000-4000-8000-000000000001', 'Arogya Kendra, Wardha'), ('b0000000-0000-4000-8000-000000000002', 'Bal Rugnalaya bravo');
insert into appointment values ('a0000000-0000-4000-8000-000000000001', '2026-06-01', '09:00', 1, 'Aarti', 'first visit'),
  ('b0000000-0000-4000-8000-000000000002', '2026-06-01', '09:15', 1, 'Baban bravo', 'bravo');
insert into walk_in values ('a0000000-0000-4000-8000-000000000001', '2026-06-01', 1, '10:05', 'Asmita', 'fever'),
  ('b0000000-0000-4000-8000-000000000002', '2026-06-01', 1, '10:20', 'Bhima bravo', 'bite, bravo');
insert into follow_up values ('a0000000-0000-4000-8000-000000000001', '2026-06-01', 'Ajay', 'suture removal'),
  ('b0000000-0000-4000-8000-000000000002', '2026-06-01', 'Bharat bravo', 'ART refill, bravo');
create function my_kendra() returns uuid language sql stable as $$ select nullif(current_setting('web.kendra', true), '')::uuid $$;
create function day_sheet(p_day date) returns table (at_time time, who text, why text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- one list out of three sources, everybody once
  create temporary table if not exists pg_temp.sheet_rows (day date, at_time time, who text, why text, unique (day, who));
  truncate pg_temp.sheet_rows;
  insert into pg_temp.sheet_rows select a.day, a.slot, a.patient, a.note from public.appointment a
   where a.kendra_id = public.my_kendra() and a.day = p_day on conflict do nothing;
  insert into pg_temp.sheet_rows select w.day, w.arrived, w.patient, w.note from public.walk_in w
   where w.kendra_id = public.my_kendra() and w.day = p_day on conflict do nothing;
  insert into pg_temp.sheet_rows select f.due, null, f.patient, f.reason from public.follow_up f
   where f.kendra_id = public.my_kendra() and f.due = p_day on conflict do nothing;
  return query select s.at_time, s.who, s.why from pg_temp.sheet_rows s where s.day = p_day order by s.at_time nulls last, s.who;
end $$;
revoke execute on function day_sheet(date) from public;
grant execute on function day_sheet(date) to dse_web;
alter table kendra enable row level security;
alter table appointment enable row level security;
alter table walk_in enable row level security;
alter table follow_up enable row level security;
create policy aapla on kendra for select using (kendra_id = (select my_kendra()));
create policy aapla on appointment using (kendra_id = (select my_kendra()));
create policy aapla on walk_in using (kendra_id = (select my_kendra()));
create policy aapla on follow_up using (kendra_id = (select my_kendra()));
grant select on kendra to dse_web;
grant select, insert, update, delete on appointment, walk_in, follow_up to dse_web;
reset role;
