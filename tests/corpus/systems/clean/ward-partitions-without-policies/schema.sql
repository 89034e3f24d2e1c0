create role wpp_owner nologin;
create role wpp_app login;
create schema ward authorization wpp_owner;
set role wpp_owner;

create table ward.diet (code text primary key, title text not null);
create table ward.bed_state (code text primary key, title text not null);
create table ward.unit (code text primary key, parent text references ward.unit, name text not null);
create table ward.bed (unit text not null references ward.unit, no int not null, state text not null references ward.bed_state, place text not null, primary key (unit, no));
create table ward.stay (
  unit text not null, id bigint not null, bed_no int not null, patient text not null, diet text not null references ward.diet, since date not null, until date,
  primary key (unit, id),
  foreign key (unit, bed_no) references ward.bed (unit, no)
) partition by list (unit);
create table ward.stay_med_a partition of ward.stay for values in ('med-a');
create table ward.stay_med_b partition of ward.stay for values in ('med-b');
create table ward.stay_surg partition of ward.stay for values in ('surg');
create table ward.stay_rest partition of ward.stay default;
create table ward.vital (
  unit text not null, stay_id bigint not null, taken_at timestamptz not null, pulse int not null, remark text,
  primary key (unit, stay_id, taken_at),
  foreign key (unit, stay_id) references ward.stay (unit, id)
) partition by range (taken_at);
create table ward.vital_2025 partition of ward.vital for values from ('2025-01-01 00:00+00') to ('2026-01-01 00:00+00');
create table ward.vital_2026 partition of ward.vital for values from ('2026-01-01 00:00+00') to ('2027-01-01 00:00+00');
create table ward.vital_else partition of ward.vital default;
create table ward.round_note (
  unit text not null, stay_id bigint not null, no int not null, body text not null,
  primary key (unit, stay_id, no),
  foreign key (unit, stay_id) references ward.stay (unit, id)
);
create table ward.meal_order (
  unit text not null, stay_id bigint not null, day date not null, wish text not null,
  primary key (unit, stay_id, day),
  foreign key (unit, stay_id) references ward.stay (unit, id)
);

create function ward.me() returns text language sql stable
  return nullif(current_setting('ward.unit', true), '');
-- the unit and all below it; past the policy of ward.unit, which asks this function
create function ward.reach() returns text[] language sql stable security definer set search_path = ward, pg_temp as $$
  with recursive below as (
    select code from unit where code = me()
    union
    select u.code from unit u join below b on u.parent = b.code
  )
  select coalesce(array_agg(code), '{}') from below
$$;

insert into ward.diet values ('N', 'Normal'), ('D', 'Diabetic');
insert into ward.bed_state values ('FREE', 'Free'), ('USED', 'In use');
insert into ward.unit values ('house', null, 'Whole house bravo');
insert into ward.unit values ('med', 'house', 'Internal medicine bravo');
insert into ward.unit values ('med-a', 'med', 'Ward A'), ('med-b', 'med', 'Ward B bravo'), ('surg', 'house', 'Surgery bravo');
insert into ward.bed select code, n, 'USED', 'Window, ' || name from ward.unit, generate_series(1, 3) n;
insert into ward.stay (unit, id, bed_no, patient, diet, since) select unit, no + 900, no, 'Patient ' || no || '. ' || place, 'N', '2025-12-30' from ward.bed;
insert into ward.vital select unit, id, '2025-12-31 07:00+00', 71, 'asleep, ' || patient from ward.stay;
insert into ward.vital select unit, id, '2026-01-01 07:00+00', 74, 'awake, ' || patient from ward.stay;
insert into ward.round_note select unit, id, 1, 'Can go on Friday. ' || patient from ward.stay;
insert into ward.meal_order select unit, id, '2026-01-02', 'No onions. ' || patient from ward.stay;

do $$
declare t text;
begin
  foreach t in array array['bed', 'stay', 'vital', 'round_note', 'meal_order'] loop
    execute format('alter table ward.%I enable row level security', t);
    execute format('create policy reach on ward.%I for select using (unit = any (ward.reach()))', t);
    execute format('create policy adds on ward.%I for insert with check (unit = ward.me())', t);
    execute format('create policy changes on ward.%I for update using (unit = ward.me())', t);
    execute format('create policy removes on ward.%I for delete using (unit = ward.me())', t);
  end loop;
end $$;
alter table ward.unit enable row level security;
create policy reach on ward.unit for select using (code = any (ward.reach()));

create materialized view ward.occupancy_all as
  select u.code as unit, u.name, count(s.id) filter (where s.until is null) as taken, max(s.patient) as last_admitted
    from ward.unit u left join ward.stay s on s.unit = u.code group by u.code, u.name;
create unique index on ward.occupancy_all (unit);
create view ward.occupancy with (security_barrier) as
  select * from ward.occupancy_all where unit = any (ward.reach());
create view ward.kitchen with (security_barrier) as
  select m.unit, m.day, m.wish, d.title as diet
    from ward.meal_order m
    join ward.stay s on s.unit = m.unit and s.id = m.stay_id
    join ward.diet d on d.code = s.diet
   where m.unit = any (ward.reach());

grant usage on schema ward to wpp_app;
grant select on ward.diet, ward.bed_state, ward.unit, ward.bed, ward.stay, ward.vital, ward.round_note, ward.meal_order, ward.occupancy, ward.kitchen to wpp_app;
grant insert, update, delete on ward.bed, ward.stay, ward.vital, ward.round_note, ward.meal_order to wpp_app;
reset role;
