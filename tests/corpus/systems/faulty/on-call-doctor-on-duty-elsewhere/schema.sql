create role ocd_owner nologin;
create role ocd_app login;
create schema oncall authorization ocd_owner;
set role ocd_owner;

create table oncall.grade (code text primary key, title text not null);
create table oncall.outcome (code text primary key, title text not null);
create table oncall.service (code text primary key, name text not null, phone text not null);
create table oncall.doctor (
  service text not null references oncall.service,
  licence text not null,
  full_name text not null,
  grade text not null references oncall.grade,
  primary key (service, licence)
);
create table oncall.vehicle (service text not null references oncall.service, sign text not null, garage text not null, primary key (service, sign));
create table oncall.duty (
  service text not null,
  no int not null,
  licence text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  remark text,
  primary key (service, no),
  foreign key (service, licence) references oncall.doctor (service, licence)
);
create index on oncall.duty (licence, starts_at);
create table oncall.handover (
  service text not null,
  duty_no int not null,
  no int not null,
  body text not null,
  primary key (service, duty_no, no),
  foreign key (service, duty_no) references oncall.duty (service, no) on delete cascade
);
create table oncall.callout (
  service text not null,
  no int not null,
  duty_no int not null,
  sign text,
  caller text not null,
  complaint text not null,
  outcome text references oncall.outcome,
  primary key (service, no),
  foreign key (service, duty_no) references oncall.duty (service, no),
  foreign key (service, sign) references oncall.vehicle (service, sign)
);
create table oncall.bill (
  service text not null,
  callout_no int not null,
  amount numeric not null,
  address text not null,
  primary key (service, callout_no),
  foreign key (service, callout_no) references oncall.callout (service, no)
);
create table oncall.duty_change (
  service text not null references oncall.service,
  duty_no int not null,
  at timestamptz not null default clock_timestamp(),
  was jsonb not null
);

create function oncall.my_service() returns text language sql stable
  return nullif(current_setting('oncall.service', true), '');

-- working-time law: one doctor, one duty
create function oncall.one_duty_at_a_time() returns trigger language plpgsql security definer set search_path = oncall, pg_temp as $$
begin
  if exists (
    select from duty d
     where d.licence = new.licence
       and (d.service, d.no) is distinct from (new.service, new.no)
       and tstzrange(d.starts_at, d.ends_at) && tstzrange(new.starts_at, new.ends_at)
  ) then
    raise exception 'this doctor is on duty at that time' using errcode = 'exclusion_violation';
  end if;
  return new;
end $$;

create function oncall.keep_old_duty() returns trigger language plpgsql security definer set search_path = oncall, pg_temp as $$
begin
  insert into duty_change (service, duty_no, was) values (old.service, old.no, to_jsonb(old));
  return null;
end $$;

revoke execute on function oncall.one_duty_at_a_time(), oncall.keep_old_duty() from public;

insert into oncall.grade values ('C', 'Consultant'), ('R', 'Registrar');
insert into oncall.outcome values ('HOME', 'Treated at home'), ('HOSP', 'Taken to hospital');
insert into oncall.service values ('AVON', 'Avon Nights', '01179 1'), ('BUTE', 'Bute Nights bravo', '01700 bravo'), ('CLYDE', 'Clyde Nights bravo', '01411 bravo');
insert into oncall.doctor
  select s.code, 'GMC' || s.code || n || case s.code when 'AVON' then '' else 'bravo' end, 'Dr ' || n || ' of ' || s.name, 'C'
    from oncall.service s, generate_series(1, 2) n;
insert into oncall.vehicle select code, 'V1 ' || name, 'Garage of ' || name from oncall.service;
insert into oncall.duty (service, no, licence, starts_at, ends_at, remark)
  select service, row_number() over (partition by service order by licence), licence, '2026-06-01 18:00+00', '2026-06-02 06:00+00', 'Night of ' || full_name from oncall.doctor;
insert into oncall.handover select service, no, 1, 'All quiet. ' || remark from oncall.duty;
insert into oncall.callout
  select d.service, d.no, d.no, v.sign, 'Caller. ' || d.remark, 'Chest pain. ' || d.remark, 'HOSP' from oncall.duty d join oncall.vehicle v using (service);
insert into oncall.bill select service, no, 190, 'to ' || caller from oncall.callout;
insert into oncall.duty_change select service, no, '2026-05-01', jsonb_build_object('remark', 'before ' || remark) from oncall.duty;

create trigger one_duty_at_a_time before insert or update of licence, starts_at, ends_at on oncall.duty
  for each row execute function oncall.one_duty_at_a_time();
create trigger keep_old_duty after update or delete on oncall.duty for each row execute function oncall.keep_old_duty();

alter table oncall.service enable row level security;
create policy own on oncall.service for select using (code = oncall.my_service());
do $$
declare t text;
begin
  foreach t in array array['doctor', 'vehicle', 'duty', 'handover', 'callout', 'bill', 'duty_change'] loop
    execute format('alter table oncall.%I enable row level security', t);
    execute format('create policy own on oncall.%I using (service = oncall.my_service()) with check (service = oncall.my_service())', t);
  end loop;
end $$;

create view oncall.rota with (security_invoker) as
  select d.service, d.no, d.starts_at, d.ends_at, o.full_name, g.title as grade
    from oncall.duty d
    join oncall.doctor o using (service, licence)
    join oncall.grade g on g.code = o.grade;

grant usage on schema oncall to ocd_app;
grant select on all tables in schema oncall to ocd_app;
grant insert, update, delete on oncall.doctor, oncall.vehicle, oncall.duty, oncall.handover, oncall.callout, oncall.bill to ocd_app;
reset role;
