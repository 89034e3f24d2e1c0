create role logop_owner nologin;
create role logop_praxis_1 login;
create role logop_praxis_12 login;
create role logop_praxis_2 login;
create schema shared authorization logop_owner;
create schema praxis_1 authorization logop_owner;
create schema praxis_1_2024 authorization logop_owner;
create schema praxis_12 authorization logop_owner;
create schema praxis_2 authorization logop_owner;
set role logop_owner;

create table shared.disorder (code text primary key, title text not null);
create table shared.tariff (code text primary key, title text not null, price numeric(8,2) not null);
create table shared.practice (schema_name name primary key, login name not null unique);

create function shared.own_schema() returns name language sql stable security definer set search_path = shared, pg_temp as
$$ select schema_name from shared.practice where login = session_user $$;

-- the tables of a practice; the column practice is from the time when all practices lay in one schema
create function shared.make_practice(p_schema name, p_practice text, p_login name, p_name text) returns void language plpgsql as $$
begin
  execute format('create table %I.patient (practice text not null default %L check (practice = %2$L), no int primary key, name text not null, born date)', p_schema, p_practice);
  execute format('create table %I.prescription (practice text not null default %L check (practice = %2$L), no int primary key, patient_no int not null references %1$I.patient, disorder text not null references shared.disorder, units int not null, remark text)', p_schema, p_practice);
  execute format('create table %I.lesson (practice text not null default %L check (practice = %2$L), prescription_no int not null references %1$I.prescription, day date not null, note text not null, primary key (prescription_no, day))', p_schema, p_practice);
  execute format('create table %I.invoice (practice text not null default %L check (practice = %2$L), no int primary key, prescription_no int not null references %1$I.prescription, tariff text not null references shared.tariff, recipient text not null)', p_schema, p_practice);
  execute format('insert into %I.patient (no, name, born) select n, ''Child '' || n || '' of '' || %L, date ''2019-05-01'' + n from generate_series(1, 3) n', p_schema, p_name);
  execute format('insert into %I.prescription (no, patient_no, disorder, units, remark) select no, no, ''SP1'', 10, ''for '' || name from %1$I.patient', p_schema);
  execute format('insert into %I.lesson (prescription_no, day, note) select no, date ''2026-02-03'', ''Says s as th. '' || remark from %1$I.prescription', p_schema);
  execute format('insert into %I.invoice (no, prescription_no, tariff, recipient) select no, no, ''L45'', ''Parents: '' || remark from %1$I.prescription', p_schema);
  execute format('create view %I.open_lessons with (security_invoker = true) as select p.name, r.no, r.units - (select count(*) from %1$I.lesson l where l.prescription_no = r.no) as units_left from %1$I.prescription r join %1$I.patient p on p.no = r.patient_no', p_schema);
  execute format('grant usage on schema %I to %I', p_schema, p_login);
  execute format('grant select on all tables in schema %I to %I', p_schema, p_login);
  execute format('grant insert, update, delete on %I.patient, %1$I.prescription, %1$I.lesson, %1$I.invoice to %I', p_schema, p_login);
end $$;
revoke execute on function shared.make_practice(name, text, name, text) from public;

insert into shared.disorder values ('SP1', 'Language development'), ('ST1', 'Voice');
insert into shared.tariff values ('L30', 'Thirty minutes', 52.1), ('L45', 'Forty-five minutes', 71.6);
insert into shared.practice values ('praxis_1', 'logop_praxis_1'), ('praxis_12', 'logop_praxis_12'), ('praxis_2', 'logop_praxis_2');
select shared.make_practice('praxis_1', '1', 'logop_praxis_1', 'Praxis Eins');
select shared.make_practice('praxis_1_2024', '1', 'logop_praxis_1', 'Praxis Eins');
select shared.make_practice('praxis_12', '12', 'logop_praxis_12', 'Praxis Zwoelf bravo');
select shared.make_practice('praxis_2', '2', 'logop_praxis_2', 'Praxis Zwei bravo');

-- for the yearly export; the years before are in schemas of their own, such as praxis_1_2024
create function shared.export_lessons(p_schema text) returns table (patient text, disorder text, day date, note text)
language plpgsql stable security definer set search_path = shared, pg_temp as $$
begin
  if shared.own_schema() is null or not starts_with(p_schema, shared.own_schema()::text) then
    raise exception 'no schema of yours: %', p_schema using errcode = '42501';
  end if;
  return query execute format(
    'select p.name, d.title, l.day, l.note from %I.lesson l join %1$I.prescription r on r.no = l.prescription_no
     join %1$I.patient p on p.no = r.patient_no join shared.disorder d on d.code = r.disorder order by l.day, p.name', p_schema);
end $$;
create function shared.price_of(p_code text) returns numeric language sql stable as $$ select price from shared.tariff where code = p_code $$;

grant usage on schema shared to logop_praxis_1, logop_praxis_12, logop_praxis_2;
grant select on shared.disorder, shared.tariff to logop_praxis_1, logop_praxis_12, logop_praxis_2;
reset role;
alter role logop_praxis_1 set search_path = praxis_1, shared;
alter role logop_praxis_12 set search_path = praxis_12, shared;
alter role logop_praxis_2 set search_path = praxis_2, shared;
