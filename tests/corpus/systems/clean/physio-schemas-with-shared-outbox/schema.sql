create role psso_owner nologin;
create role psso_dispatcher nologin;
create role psso_practices nologin;
create role psso_ilse login;
create role psso_jost login;
create role psso_kaja login;
grant psso_practices to psso_ilse, psso_jost, psso_kaja;
revoke create on schema public from public;
create schema hub authorization psso_owner;
create schema p_ilse authorization psso_owner;
create schema p_jost authorization psso_owner;
create schema p_kaja authorization psso_owner;
set role psso_owner;

create table hub.event_kind (name text primary key, title text not null);
create table hub.holiday (day date primary key, title text not null);
create table hub.tenant (slug text primary key, login name not null unique, title text not null, closed_on date);
create table hub.outbox (tenant text not null references hub.tenant, id uuid not null default gen_random_uuid(), kind text not null references hub.event_kind, payload jsonb not null, sent_at timestamptz, primary key (tenant, id));
create table hub.announcement (day date primary key, body text not null);
insert into hub.event_kind values ('patient.added', 'A patient was added'), ('invoice.sent', 'An invoice went out');
insert into hub.holiday values ('2026-10-03', 'Unity Day');
insert into hub.announcement values ('2026-02-01', 'Maintenance on Sunday');
insert into hub.tenant values ('ilse', 'psso_ilse', 'Physio Ilse'), ('jost', 'psso_jost', 'Physio Jost bravo'), ('kaja', 'psso_kaja', 'Physio Kaja bravo');

create function hub.tenant_of_login() returns text language sql stable security definer set search_path = hub, pg_temp as $$
  select slug from tenant where login = session_user and closed_on is null
$$;
-- the one way in; the dispatcher, which serves all, is the one way out
create function hub.publish(kind text, payload jsonb) returns uuid language sql security definer set search_path = hub, pg_temp as $$
  insert into outbox (tenant, kind, payload) select tenant_of_login(), publish.kind, publish.payload returning id
$$;
create view hub.my_outbox with (security_barrier = true) as select id, kind, payload, sent_at from hub.outbox where tenant = hub.tenant_of_login();
create function hub.withdraw(event uuid) returns boolean language plpgsql security definer set search_path = hub, pg_temp as $$
begin
  delete from outbox where tenant = tenant_of_login() and id = event and sent_at is null;
  return found;
end $$;

do $$
declare who text;
begin
  foreach who in array array['ilse', 'jost', 'kaja'] loop
    execute format($ddl$
      create table p_%1$s.patient (tenant text not null default %1$L check (tenant = %1$L), no int primary key, name text not null);
      create table p_%1$s.treatment (tenant text not null default %1$L check (tenant = %1$L), patient_no int not null references p_%1$s.patient, at timestamptz not null, note text, primary key (patient_no, at));
      create table p_%1$s.invoice (tenant text not null default %1$L check (tenant = %1$L), no int primary key, patient_no int not null references p_%1$s.patient, line text not null, sent_on date);
      create function p_%1$s.tell_hub() returns trigger language plpgsql as $fn$
      begin
        perform hub.publish('patient.added', to_jsonb(new));
        return null;
      end $fn$;
      create trigger tell_hub after insert on p_%1$s.patient for each row execute function p_%1$s.tell_hub();
      create view p_%1$s.open_invoice as select i.tenant, i.no, p.name, i.line from p_%1$s.invoice i join p_%1$s.patient p on p.no = i.patient_no where i.sent_on is null;
      grant usage on schema p_%1$s to psso_%1$s;
      grant select, insert, update, delete on all tables in schema p_%1$s to psso_%1$s;
    $ddl$, who);
  end loop;
end $$;

do $$
declare t hub.tenant;
begin
  for t in select * from hub.tenant loop
    execute format('alter table p_%s.patient disable trigger tell_hub', t.slug);
    execute format('insert into p_%s.patient (no, name) values (1, %L), (2, %L)', t.slug, 'First of ' || t.title, 'Second of ' || t.title);
    execute format('insert into p_%s.treatment (patient_no, at, note) values (1, ''2026-02-02 09:00+01'', %L)', t.slug, 'Shoulder, ' || t.title);
    execute format('insert into p_%s.invoice (no, patient_no, line) values (1, 1, %L)', t.slug, 'Massage at ' || t.title);
    execute format('alter table p_%s.patient enable trigger tell_hub', t.slug);
    insert into hub.outbox (tenant, kind, payload) values (t.slug, 'patient.added', jsonb_build_object('name', 'First of ' || t.title));
  end loop;
end $$;

grant usage on schema hub to psso_practices, psso_dispatcher;
grant select on hub.event_kind, hub.holiday, hub.announcement, hub.my_outbox to psso_practices;
grant select, update (sent_at) on hub.outbox to psso_dispatcher;
reset role;
alter role psso_ilse set search_path = p_ilse, hub;
alter role psso_jost set search_path = p_jost, hub;
alter role psso_kaja set search_path = p_kaja, hub;
