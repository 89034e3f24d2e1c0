create role ueberweis_owner nologin;
create role ueberweis_app login noinherit;
create role ueberweis_c_ahorn nologin;
create role ueberweis_c_birke nologin;
create role ueberweis_c_zeder nologin;
grant ueberweis_c_ahorn, ueberweis_c_birke, ueberweis_c_zeder to ueberweis_app;
alter schema public owner to ueberweis_owner;
revoke create on schema public from public;
set role ueberweis_owner;

create table field (code text primary key, title text not null);
create table district (no int primary key, title text not null);
-- the directory of the chamber, the same for all
create table specialist (
  no int primary key, name text not null, field text not null references field, district int not null references district, new_patients boolean not null default true,
  open_referrals int not null default 0);
create table clinic (code text primary key, name text not null);
create table doctor (clinic text not null references clinic, no int not null, name text not null, primary key (clinic, no));
create table patient (clinic text not null references clinic, no int not null, name text not null, address text, primary key (clinic, no));
create table referral (
  clinic text not null, no int not null, patient_no int not null, doctor_no int not null, specialist_no int not null references specialist, question text not null,
  state text not null default 'open' check (state in ('open', 'answered', 'withdrawn')), primary key (clinic, no),
  foreign key (clinic, patient_no) references patient (clinic, no), foreign key (clinic, doctor_no) references doctor (clinic, no));
create table answer (clinic text not null, referral_no int not null, body text not null, received_on date not null default current_date, primary key (clinic, referral_no),
  foreign key (clinic, referral_no) references referral (clinic, no) on delete cascade);
create table favourite (clinic text not null references clinic, specialist_no int not null references specialist, why text not null, primary key (clinic, specialist_no));
create table letter_template (clinic text not null references clinic, name text not null, body text not null, primary key (clinic, name));
create table change_log (clinic text not null references clinic, at timestamptz not null default clock_timestamp(), what text not null);

insert into field values ('car', 'Cardiology'), ('der', 'Dermatology');
insert into district values (1, 'North'), (2, 'South');
insert into specialist (no, name, field, district) values (501, 'Dr. Hahn', 'car', 1), (502, 'Dr. Kranich', 'car', 2), (503, 'Dr. Specht', 'der', 1), (504, 'Dr. Star', 'der', 2);
insert into clinic values ('ahorn', 'Ahorn'), ('birke', 'Birke bravo'), ('zeder', 'Zeder bravo');
insert into doctor select code, 1, 'Dr. Vogt at ' || name from clinic;
insert into patient select code, n, 'Patient ' || n || ' of ' || name, n || ' Parkallee, ' || name from clinic, generate_series(1, 3) n;

-- the directory shows whom to avoid for now: the open referrals are kept with the specialist
create function count_open() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op in ('UPDATE', 'DELETE') and old.state = 'open' then
    update specialist set open_referrals = open_referrals - 1 where no = old.specialist_no;
  end if;
  if tg_op in ('INSERT', 'UPDATE') and new.state = 'open' then
    update specialist set open_referrals = open_referrals + 1 where no = new.specialist_no;
  end if;
  return null;
end $$;
create trigger count_open after insert or update or delete on referral for each row execute function count_open();

insert into referral (clinic, no, patient_no, doctor_no, specialist_no, question)
  select clinic, no, no, 1, case when clinic = 'ahorn' then 501 + no % 2 else 500 + no end, 'Murmur? ' || name from patient;
insert into answer select clinic, no, 'Innocent. ' || question from referral where no = 1;
insert into favourite select code, 501, 'quick, says ' || name from clinic;
insert into letter_template select code, 'standard', 'Dear colleague, yours ' || name from clinic;
insert into change_log (clinic, what) select clinic, 'referred: ' || question from referral;

do $$
declare t text;
  c text;
begin
  foreach t in array array['doctor', 'patient', 'referral', 'answer', 'favourite', 'letter_template', 'change_log'] loop
    execute format('alter table %I enable row level security', t);
    foreach c in array array['ahorn', 'birke', 'zeder'] loop
      execute format('create policy %I on %I to %I using (clinic = %L) with check (clinic = %L)', c, t, 'ueberweis_c_' || c, c, c);
      execute format('grant select, insert on %I to %I', t, 'ueberweis_c_' || c);
      if t <> 'change_log' then execute format('grant update, delete on %I to %I', t, 'ueberweis_c_' || c); end if;
    end loop;
  end loop;
  alter table clinic enable row level security;
  foreach c in array array['ahorn', 'birke', 'zeder'] loop
    execute format('create policy %I on clinic for select to %I using (code = %L)', c, 'ueberweis_c_' || c, c);
    execute format('grant select on clinic, specialist, field, district to %I', 'ueberweis_c_' || c);
  end loop;
end $$;

create view specialist_nearby with (security_barrier) as select no, name, field, district from specialist where new_patients;
grant select on specialist_nearby to ueberweis_c_ahorn, ueberweis_c_birke, ueberweis_c_zeder;

create function next_referral_no() returns int language sql stable set search_path = public, pg_temp as $$
  select coalesce(max(no), 0) + 1 from referral
$$;
reset role;
