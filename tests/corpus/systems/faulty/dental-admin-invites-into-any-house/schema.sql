create role dai_owner nologin;
create role dai_app login;
create schema dent authorization dai_owner;
set role dai_owner;

create table dent.tooth (fdi int primary key, title text not null);
create table dent.fee (code text primary key, title text not null, points int not null);
create table dent.duty (code text primary key, title text not null);
create table dent.house (slug text primary key, name text not null);
create table dent.person (
  id uuid primary key,
  home text not null references dent.house,
  email text not null unique,
  full_name text not null
);
create table dent.membership (
  house text not null references dent.house,
  person_id uuid not null references dent.person,
  duty text not null references dent.duty,
  remark text,
  primary key (house, person_id)
);
create table dent.invitation (
  house text not null references dent.house,
  no int not null,
  code uuid not null default gen_random_uuid(),
  email text not null,
  duty text not null references dent.duty,
  sent_by uuid not null references dent.person,
  taken_at timestamptz,
  primary key (house, no)
);
create unique index on dent.invitation (code);
create table dent.patient (house text not null references dent.house, no int not null, full_name text not null, insurer text, primary key (house, no));
create table dent.finding (
  house text not null, patient_no int not null, fdi int not null references dent.tooth, wording text not null,
  primary key (house, patient_no, fdi),
  foreign key (house, patient_no) references dent.patient (house, no) on delete cascade
);
create table dent.treatment (
  house text not null, patient_no int not null, no int not null, fee text not null references dent.fee, fdi int references dent.tooth, remark text not null,
  primary key (house, patient_no, no),
  foreign key (house, patient_no) references dent.patient (house, no) on delete cascade
);
create table dent.estimate (
  house text not null, patient_no int not null, drawn_up date not null, body text not null,
  primary key (house, patient_no, drawn_up),
  foreign key (house, patient_no) references dent.patient (house, no) on delete cascade
);
create table dent.member_log (house text not null references dent.house, at timestamptz not null default now(), what text not null);

create function dent.me() returns uuid language sql stable
  return nullif(current_setting('dent.person', true), '')::uuid;
-- reads membership past its own policy, which asks this function
create function dent.my_houses() returns setof text language sql stable security definer set search_path = dent, pg_temp as $$
  select house from membership where person_id = me()
$$;
create function dent.i_run(p_house text) returns boolean language sql stable security definer set search_path = dent, pg_temp as $$
  select exists (select from membership where person_id = me() and house = p_house and duty = 'manager')
$$;

create function dent.invite(p_house text, p_email text, p_duty text) returns uuid
  language plpgsql security definer set search_path = dent, pg_temp as $$
declare
  fresh uuid;
begin
  if not exists (select from membership m where m.person_id = me() and m.duty = 'manager') then
    raise exception 'only a manager sends invitations' using errcode = 'insufficient_privilege';
  end if;
  if p_duty = 'manager' then
    raise exception 'managers are appointed by the group' using errcode = 'insufficient_privilege';
  end if;
  insert into invitation (house, no, email, duty, sent_by)
    select p_house, coalesce(max(i.no), 0) + 1, lower(p_email), p_duty, me() from invitation i where i.house = p_house
    returning code into fresh;
  return fresh;
end $$;

create function dent.withdraw_invitation(p_house text, p_no int) returns void
  language plpgsql security definer set search_path = dent, pg_temp as $$
begin
  if not i_run(p_house) then
    raise exception 'only a manager withdraws invitations' using errcode = 'insufficient_privilege';
  end if;
  delete from invitation where house = p_house and no = p_no and taken_at is null;
end $$;

create function dent.accept_invitation(p_code uuid) returns text
  language plpgsql security definer set search_path = dent, pg_temp as $$
declare
  taken invitation;
begin
  update invitation i set taken_at = now()
   where i.code = p_code and i.taken_at is null and i.email = (select email from person where id = me())
   returning * into taken;
  if not found then
    raise exception 'this invitation is not for you' using errcode = 'no_data_found';
  end if;
  insert into membership (house, person_id, duty) values (taken.house, me(), taken.duty) on conflict do nothing;
  insert into member_log (house, what) values (taken.house, 'joined as ' || taken.duty);
  return taken.house;
end $$;

create function dent.leave_house(p_house text) returns void
  language plpgsql security definer set search_path = dent, pg_temp as $$
begin
  delete from membership where house = p_house and person_id = me() and duty <> 'manager';
end $$;

insert into dent.tooth values (11, 'upper right central incisor'), (36, 'lower left first molar');
insert into dent.fee values ('2080', 'Filling', 70), ('0010', 'Examination', 10);
insert into dent.duty values ('manager', 'Practice manager'), ('dentist', 'Dentist'), ('assistant', 'Assistant');
insert into dent.house values ('anger', 'Am Anger'), ('burgtor', 'Am Burgtor bravo'), ('domplatz', 'Am Domplatz bravo');
insert into dent.person values
  ('00000000-0000-4000-8000-00000000000a', 'anger', 'kim@anger.example', 'Kim'),
  ('00000000-0000-4000-8000-00000000000b', 'burgtor', 'lou.bravo@burgtor.example', 'Lou bravo'),
  ('00000000-0000-4000-8000-00000000000c', 'domplatz', 'uli.bravo@domplatz.example', 'Uli bravo'),
  ('00000000-0000-4000-8000-00000000000d', 'burgtor', 'max.bravo@burgtor.example', 'Max bravo');
insert into dent.membership select home, id, case when full_name like 'Max%' then 'dentist' else 'manager' end, 'joined as ' || full_name from dent.person;
insert into dent.invitation (house, no, email, duty, sent_by) select home, 1, 'new.' || email, 'assistant', id from dent.person where full_name not like 'Max%';
insert into dent.patient select slug, n, 'Patient ' || n || ' ' || name, 'Insurer ' || name from dent.house, generate_series(1, 3) n;
insert into dent.finding select house, no, 36, 'Caries, ' || full_name from dent.patient;
insert into dent.treatment select house, no, 1, '2080', 36, 'Two surfaces, ' || full_name from dent.patient;
insert into dent.estimate select house, no, '2026-01-20', 'Crown for ' || full_name from dent.patient;
insert into dent.member_log select home, '2026-01-01', 'joined: ' || full_name from dent.person;

do $$
declare t text;
begin
  foreach t in array array['membership', 'invitation', 'patient', 'finding', 'treatment', 'estimate', 'member_log'] loop
    execute format('alter table dent.%I enable row level security', t);
    execute format('create policy houses on dent.%I using (house in (select dent.my_houses()))', t);
  end loop;
end $$;
alter table dent.house enable row level security;
create policy houses on dent.house for select using (slug in (select dent.my_houses()));
alter table dent.person enable row level security;
create policy myself on dent.person using (id = dent.me());

grant usage on schema dent to dai_app;
grant select on dent.tooth, dent.fee, dent.duty, dent.house, dent.person, dent.membership, dent.member_log to dai_app;
grant select (house, no, email, duty, sent_by, taken_at) on dent.invitation to dai_app;
grant update (full_name) on dent.person to dai_app;
grant select, insert, update, delete on dent.patient, dent.finding, dent.treatment, dent.estimate to dai_app;
reset role;
