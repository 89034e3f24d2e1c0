create role eswg_owner nologin;
create role eswg_relay nologin;
create role eswg_app login;
alter schema public owner to eswg_owner;
revoke create on schema public from public;
set role eswg_owner;

create table event_kind (name text primary key, version int not null default 1);
create table analyte (loinc text primary key, title text not null);
create table site (code text primary key, name text not null);
-- nothing is ever changed here; the site is what the event itself says
create table event (
  site text not null generated always as (payload ->> 'site') stored references site,
  stream text not null,
  seq int not null check (seq > 0),
  kind text not null references event_kind,
  payload jsonb not null check (jsonb_typeof(payload) = 'object'),
  at timestamptz not null default clock_timestamp(),
  primary key (site, stream, seq)
);
create index on event using gin (payload jsonb_path_ops);
-- projections
create table lab_order (site text not null references site, order_no text not null, patient text not null, state text not null, last_seq int not null, primary key (site, order_no));
create table order_item (site text not null, order_no text not null, loinc text not null references analyte, value text, primary key (site, order_no, loinc), foreign key (site, order_no) references lab_order on delete cascade);
create table site_counter (site text not null references site, name text not null, value bigint not null, remark text, primary key (site, name));
create table snapshot (site text not null, stream text not null, seq int not null, state jsonb not null, primary key (site, stream));
create table outbox (site text not null, stream text not null, seq int not null, topic text not null, body jsonb not null, relayed_at timestamptz, primary key (site, stream, seq));

create function my_sites() returns text[] language sql stable as $$
  select coalesce(array(select jsonb_array_elements_text(nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'sites')), '{}')
$$;

create function project() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.kind = 'order.placed' then
    insert into lab_order as o values (new.site, new.stream, coalesce(new.payload ->> 'patient', '?'), 'placed', new.seq)
    on conflict (site, order_no) do update set patient = excluded.patient, last_seq = excluded.last_seq;
    insert into site_counter as c values (new.site, 'orders', 1) on conflict (site, name) do update set value = c.value + 1;
  elsif new.kind = 'result.reported' then
    insert into order_item as i
    select new.site, new.stream, a.loinc, new.payload -> 'values' ->> a.loinc from analyte a
    where new.payload -> 'values' ? a.loinc and exists (select from lab_order o where o.site = new.site and o.order_no = new.stream)
    on conflict (site, order_no, loinc) do update set value = excluded.value;
    update lab_order o set state = 'reported', last_seq = new.seq where o.site = new.site and o.order_no = new.stream;
  end if;
  insert into outbox (site, stream, seq, topic, body) values (new.site, new.stream, new.seq, new.kind, new.payload);
  return null;
end $$;
create trigger project after insert on event for each row execute function project();

insert into event_kind values ('order.placed', 1), ('result.reported', 2);
insert into analyte values ('718-7', 'Haemoglobin'), ('2345-7', 'Glucose');
insert into site values ('s1', 'Lab site Anger'), ('s2', 'Lab site Brache bravo'), ('s3', 'Lab site Camp bravo');
insert into event (stream, seq, kind, payload)
  select 'O-' || n, 1, 'order.placed', jsonb_build_object('site', code, 'patient', 'Patient ' || n || ' of ' || name) from site, generate_series(1, 3) n;
insert into event (stream, seq, kind, payload)
  select stream, 2, 'result.reported', payload || jsonb_build_object('values', jsonb_build_object('718-7', '13.4 for ' || (payload ->> 'patient'))) from event where stream <> 'O-3';
insert into snapshot select site, stream, seq, payload from event where seq = 2;
update site_counter c set remark = s.name from site s where s.code = c.site;

-- appends at the end of the stream of one's own site; the caller says where it believes the end to be
create function append(site text, stream text, expected int, kind text, payload jsonb) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare last int;
begin
  if not coalesce(append.site = any (my_sites()), false) then raise exception 'not your site' using errcode = '42501'; end if;
  select coalesce(max(e.seq), 0) into last from event e where e.site = append.site and e.stream = append.stream;
  if last is distinct from expected then raise exception 'the stream stands at %', last using errcode = '40001'; end if;
  insert into event (stream, seq, kind, payload) values (append.stream, last + 1, append.kind, append.payload || jsonb_build_object('site', append.site));
  return last + 1;
end $$;
-- builds the projection of a stream anew
create function replay_stream(site text, stream text) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare n int;
begin
  if not coalesce(replay_stream.site = any (my_sites()), false) then return 0; end if;
  update lab_order o set patient = e.payload ->> 'patient'
  from event e where e.site = o.site and e.stream = o.order_no and e.seq = 1 and o.site = replay_stream.site and o.order_no = replay_stream.stream;
  get diagnostics n = row_count;
  return n;
end $$;

do $$
declare t text;
begin
  foreach t in array array['event', 'lab_order', 'order_item', 'site_counter', 'snapshot', 'outbox'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy sites on %I to eswg_app using (site = any (my_sites())) with check (site = any (my_sites()))', t);
  end loop;
end $$;
alter table site enable row level security;
create policy own on site for select to eswg_app using (code = any (my_sites()));
create policy relay on outbox to eswg_relay using (relayed_at is null) with check (true);

create view order_history with (security_invoker = true) as
  select e.site, e.stream, e.seq, e.kind, e.at, lag(e.at) over (partition by e.site, e.stream order by e.seq) as before, e.payload from event e;

grant select on event_kind, analyte, site, event, lab_order, order_item, site_counter, snapshot, outbox, order_history to eswg_app;
grant insert on event, snapshot to eswg_app;
grant update, delete on snapshot to eswg_app;
grant select, update on outbox to eswg_relay;
reset role;
