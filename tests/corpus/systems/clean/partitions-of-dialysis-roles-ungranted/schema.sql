create role dialpart_owner nologin;
create role dialpart_centre nologin;
create role dialpart_c101 nologin;
create role dialpart_c102 nologin;
create role dialpart_c103 nologin;
create role dialpart_pool login noinherit;
grant dialpart_centre to dialpart_c101, dialpart_c102, dialpart_c103;
grant dialpart_c101, dialpart_c102, dialpart_c103 to dialpart_pool;
create schema dial authorization dialpart_owner;
create schema dial_parts authorization dialpart_owner;
set role dialpart_owner;
set search_path = dial;

create table access_kind (code text primary key, title text not null);
create table dialyser (code text primary key, maker text not null, surface numeric not null);
create table centre (centre int primary key, role_name name not null unique, title text not null);
create table patient (centre int not null references centre, no int not null, full_name text not null, dry_weight numeric, access text references access_kind, primary key (centre, no));
create table chair (centre int not null references centre, no int not null, machine text not null, primary key (centre, no));
create table session (
  centre int not null, patient_no int not null, started timestamptz not null, chair_no int not null, dialyser text not null references dialyser, note text,
  primary key (centre, patient_no, started),
  foreign key (centre, patient_no) references patient (centre, no),
  foreign key (centre, chair_no) references chair (centre, no)
) partition by list (centre);
create table reading (
  centre int not null, patient_no int not null, started timestamptz not null, minute int not null, pressure int not null, remark text,
  primary key (centre, patient_no, started, minute)
) partition by list (centre);
create table incident (centre int not null references centre, id uuid not null default gen_random_uuid(), account text not null, primary key (centre, id));

insert into centre values (101, 'dialpart_c101', 'Nephro Mitte'), (102, 'dialpart_c102', 'Nephro bravo'), (103, 'dialpart_c103', 'Nieren bravo');
-- Nobody is granted a partition; whoever comes through the parent meets its policy.
do $$
declare
  t text;
  c int;
begin
  foreach t in array array['session', 'reading'] loop
    for c in select centre from centre loop
      execute format('create table dial_parts.%I partition of %I for values in (%s)', t || '_' || c, t, c);
    end loop;
    execute format('create table dial_parts.%I partition of %I default', t || '_rest', t);
  end loop;
end $$;

-- The pool sets the role of the centre; definer's rights would hide it, so this one has none.
create function my_centre() returns int language sql stable set search_path = dial, pg_temp as $$ select c.centre from centre c where c.role_name = current_user $$;

create function last_readings(patient int) returns table (started timestamptz, minute int, pressure int, remark text)
  language sql stable set search_path = dial, pg_temp as $$
  select r.started, r.minute, r.pressure, r.remark from reading r where r.centre = my_centre() and r.patient_no = patient order by r.started desc, r.minute desc limit 20
$$;
create function keep_minute() returns trigger language plpgsql as $$
begin
  new.minute := greatest(new.minute, 0);
  return new;
end $$;
create trigger minute before insert or update on reading for each row execute function keep_minute();

create view running with (security_barrier) as
  select s.centre, s.chair_no, p.full_name, s.started, s.note
    from session s join patient p on p.centre = s.centre and p.no = s.patient_no
   where s.centre = (select c.centre from centre c where c.role_name = current_user);

insert into access_kind values ('FIST', 'Fistula'), ('KATH', 'Catheter');
insert into dialyser values ('FX80', 'Fresenius', 1.8), ('REX', 'Baxter', 2.1);
insert into patient select centre, n, 'Patient ' || n || ', ' || title, 71.5, 'FIST' from centre, generate_series(1, 3) n;
insert into chair select centre, n, '5008 no ' || n || ' of ' || title from centre, generate_series(1, 2) n;
insert into session select centre, no, '2026-03-03 06:00+00', 1 + no % 2, 'FX80', 'cramps, ' || full_name from patient;
insert into reading select s.centre, s.patient_no, s.started, m, 120 + m, 'ok, ' || s.note from session s, generate_series(0, 90, 30) m;
insert into incident (centre, account) select centre, 'needle slipped at ' || title from centre;

alter table centre enable row level security;
create policy own on centre for select using (role_name = current_user);
do $$
declare t text;
begin
  foreach t in array array['patient', 'chair', 'session', 'reading', 'incident'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy centre on %I using (centre = (select my_centre()))', t);
  end loop;
end $$;

grant usage on schema dial to dialpart_centre;
grant select on all tables in schema dial to dialpart_centre;
grant insert, update, delete on patient, chair, session, reading, incident to dialpart_centre;
reset role;
reset search_path;
