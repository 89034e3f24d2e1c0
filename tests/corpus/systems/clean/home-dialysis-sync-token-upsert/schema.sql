create role hdtok_owner nologin;
create role hdtok_sync login;
alter schema public owner to hdtok_owner;
set role hdtok_owner;

create table solution (code text primary key, title text not null);
create table problem_code (code text primary key, title text not null);
create table centre (code text primary key, name text not null);
create table sign_in (token text primary key, centre text not null references centre, device text not null, expires_at timestamptz not null, revoked boolean not null default false);
create table patient (centre text not null references centre, no int not null, name text not null, version int not null default 1, primary key (centre, no));
create table therapy_plan (centre text not null, patient_no int not null, solution text not null references solution, litres numeric not null, remark text not null, primary key (centre, patient_no, solution),
  foreign key (centre, patient_no) references patient (centre, no) on delete cascade);
-- the device makes the id, long before it is online
create table night_log (
  centre text not null, id uuid not null, patient_no int not null, night date not null, drained_ml int not null, problem text references problem_code, note text not null,
  primary key (centre, id), foreign key (centre, patient_no) references patient (centre, no) on delete cascade
);
create table supply_order (centre text not null, id uuid not null, patient_no int not null, state text not null default 'draft', wish text not null, primary key (centre, id),
  foreign key (centre, patient_no) references patient (centre, no) on delete cascade);
-- kept by triggers: one line for each patient and week
create table week_summary (centre text not null, patient_no int not null, week date not null, nights int not null, drained_ml bigint not null, last_note text not null, primary key (centre, patient_no, week),
  foreign key (centre, patient_no) references patient (centre, no) on delete cascade);
create table sync_error (centre text not null references centre, id uuid not null default gen_random_uuid(), said text not null, primary key (centre, id));

-- the token is the only thing the application says about itself
create function token_centre() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select centre from sign_in where token = nullif(current_setting('sync.token', true), '') and not revoked and expires_at > now()
$$;

create function sum_week() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  -- the owner's rights: the application may not write the summary
  insert into week_summary as w
    select n.centre, n.patient_no, date_trunc('week', new.night)::date, count(*), sum(n.drained_ml), (array_agg(n.note order by n.night desc))[1]
    from night_log n
    where n.centre = new.centre and n.patient_no = new.patient_no and date_trunc('week', n.night) = date_trunc('week', new.night)
    group by n.centre, n.patient_no
    on conflict (centre, patient_no, week) do update set nights = excluded.nights, drained_ml = excluded.drained_ml, last_note = excluded.last_note;
  return null;
end $$;
create trigger sum_week after insert or update on night_log for each row execute function sum_week();

insert into solution values ('PD4', 'Glucose 1.5 %'), ('PD2', 'Glucose 2.3 %');
insert into problem_code values ('FLOW', 'Slow outflow'), ('PAIN', 'Pain');
insert into centre values ('anger', 'Anger'), ('bieber', 'Bieber bravo'), ('chiem', 'Chiem bravo');
insert into sign_in select 'hd-' || code || '-91c2', code, 'cycler of ' || name, '2099-01-01' from centre;
insert into sign_in select 'hd-' || code || '-old', code, 'lost cycler of ' || name, '2020-01-01', true from centre;
insert into patient select code, n, 'Patient ' || n || ' of ' || name from centre, generate_series(1, 3) n;
insert into therapy_plan select centre, no, 'PD4', 2, 'warm it, ' || name from patient;
insert into night_log select centre, ('00000000-0000-4000-9000-0000000000' || ascii(centre) - 96 || no)::uuid, no, '2026-03-04', 900, 'FLOW', 'slept badly, ' || name from patient;
insert into supply_order select centre, ('00000000-0000-4000-a000-0000000000' || ascii(centre) - 96 || no)::uuid, no, 'draft', 'ten bags, ' || name from patient;
insert into sync_error (centre, said) select code, 'clock of ' || name || ' is wrong' from centre;

do $$
declare t text;
begin
  foreach t in array array['patient', 'therapy_plan', 'night_log', 'supply_order', 'week_summary', 'sync_error'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy by_token on %I using (centre = token_centre())', t);
  end loop;
end $$;
alter table centre enable row level security;
create policy by_token on centre for select using (code = token_centre());
alter table sign_in enable row level security;

-- the same night may be sent twice; the key has the centre in front, so a foreign id is simply a new one
create function push_nights(nights jsonb) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare here text := token_centre(); done int;
begin
  if here is null then
    raise exception 'token is not valid' using errcode = '28000';
  end if;
  insert into night_log (centre, id, patient_no, night, drained_ml, problem, note)
    select here, x.id, x.patient_no, x.night, x.drained_ml, x.problem, x.note
    from jsonb_to_recordset(nights) as x(id uuid, patient_no int, night date, drained_ml int, problem text, note text)
    on conflict (centre, id) do update set drained_ml = excluded.drained_ml, problem = excluded.problem, note = excluded.note;
  get diagnostics done = row_count;
  return done;
end $$;

create function pull(known int) returns jsonb language sql stable security definer set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'patients', (select jsonb_agg(p) from patient p where p.centre = token_centre() and p.version > known),
    'plans', (select jsonb_agg(t) from therapy_plan t where t.centre = token_centre()),
    'weeks', (select jsonb_agg(w) from week_summary w where w.centre = token_centre()))
$$;

create function send_order(order_id uuid) returns text language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update supply_order set state = 'sent' where centre = token_centre() and id = order_id and state = 'draft';
  return case when found then 'sent' else 'nothing to send' end;
end $$;

create function sign_out() returns void language sql security definer set search_path = public, pg_temp as $$
  update sign_in set revoked = true where token = current_setting('sync.token', true)
$$;

grant select on solution, problem_code, centre, patient, therapy_plan, night_log, supply_order, week_summary, sync_error to hdtok_sync;
grant insert, update, delete on night_log, supply_order, sync_error to hdtok_sync;
grant insert, update on patient, therapy_plan to hdtok_sync;
reset role;
