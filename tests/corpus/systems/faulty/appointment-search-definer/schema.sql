create role appt_owner nologin;
create role appt_app login;
alter schema public owner to appt_owner;
set role appt_owner;
create table appointment (branch_id int not null, slot timestamptz not null, doctor text not null, patient text not null, reason text, primary key (branch_id, slot, doctor));
insert into appointment values (1, '2026-07-01 09:00Z', 'dr a', 'Hamsa', 'review'), (3, '2026-07-01 09:00Z', 'dr b', 'Tina bravo', 'bravo termination');
alter table appointment enable row level security;
create policy mine on appointment using (branch_id = any ((select nullif(current_setting('app.branches', true), ''))::int[]));
create function search_appointments(words text default '') returns setof appointment language sql stable security definer set search_path = public, pg_temp as
$$ select * from appointment where patient ilike '%' || words || '%' order by slot limit 50 $$;
grant select, insert, update, delete on appointment to appt_app;
reset role;
