create role dialyse_owner nologin;
create role dialyse_app login;
alter schema public owner to dialyse_owner;
set role dialyse_owner;

create table access_kind (code text primary key, title text not null);
create table dialyser (code text primary key, title text not null);
create table centre (code text primary key, name text not null, phone text);
create table staff (centre text not null references centre, initials text not null, name text not null, primary key (centre, initials));
create table machine (centre text not null references centre, place int not null, model text not null, primary key (centre, place));
create table patient (centre text not null references centre, no int not null, name text not null, dry_weight numeric(5,1), access text references access_kind, primary key (centre, no));
create table regimen (centre text not null, patient_no int not null, since date not null, dialyser text references dialyser, heparin text not null, primary key (centre, patient_no, since),
  foreign key (centre, patient_no) references patient (centre, no) on delete cascade);
create table treatment (centre text not null, patient_no int not null, day date not null, place int not null, course text not null, primary key (centre, patient_no, day),
  foreign key (centre, patient_no) references patient (centre, no) on delete cascade,
  foreign key (centre, place) references machine (centre, place));
-- holiday dialysis: one centre asks another for the chart of a guest
create table transfer_request (
  asked_by text not null references centre,
  no int not null,
  asked_of text not null,
  patient_no int not null,
  reason text not null,
  state text not null default 'asked' check (state in ('asked', 'accepted', 'refused')),
  asked_at timestamptz not null default now(),
  primary key (asked_by, no)
);
create table guest_chart (centre text not null, request_no int not null, name text not null, summary text not null, primary key (centre, request_no),
  foreign key (centre, request_no) references transfer_request (asked_by, no) on delete cascade);

create function current_centre() returns text language sql stable as $$ select nullif(current_setting('dialyse.centre', true), '') $$;

create function hand_over_chart() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into guest_chart (centre, request_no, name, summary)
  select new.asked_by, new.no, p.name,
    concat_ws('; ', 'dry weight ' || p.dry_weight, p.access, (select string_agg(r.dialyser || ' ' || r.heparin, ', ') from regimen r where r.centre = p.centre and r.patient_no = p.no))
  from patient p where p.centre = new.asked_of and p.no = new.patient_no
  on conflict (centre, request_no) do nothing;
  return null;
end $$;
create trigger hand_over after insert or update of state on transfer_request
  for each row when (new.state = 'accepted') execute function hand_over_chart();

-- the centre that has the patient sees what it was asked and answers
create function requests_to_answer() returns table (asked_by text, no int, patient_no int, asked_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as
$$ select asked_by, no, patient_no, asked_at from transfer_request where asked_of = current_centre() and state = 'asked' $$;
create function answer_request(p_asked_by text, p_no int, p_accept boolean) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update transfer_request set state = case when p_accept then 'accepted' else 'refused' end
  where asked_by = p_asked_by and no = p_no and asked_of = current_centre() and state = 'asked';
  return found;
end $$;

insert into access_kind values ('AVF', 'Fistula'), ('CVC', 'Catheter');
insert into dialyser values ('FX60', 'FX 60'), ('FX80', 'FX 80');
insert into centre values ('AUR', 'Dialyse Aurich', '04941'), ('BOR', 'Dialyse Borkum bravo', '04922'), ('CUX', 'Dialyse Cuxhaven bravo', '04721');
insert into staff select code, 'NN', 'Nurse of ' || name from centre;
insert into machine select code, n, '5008 of ' || name from centre, generate_series(1, 2) n;
insert into patient select code, n, 'Patient ' || n || ' of ' || name, 70 + n, 'AVF' from centre, generate_series(1, 3) n;
insert into regimen select centre, no, '2026-01-01', 'FX60', '5000 units, ' || name from patient;
insert into treatment select centre, no, '2026-02-02', 1, 'Pressure fell once. ' || name from patient;
insert into transfer_request (asked_by, no, asked_of, patient_no, reason, state)
  select c.code, 1, o.code, 1, 'Holiday guest, ' || c.name, 'refused' from centre c join centre o on o.code = case c.code when 'AUR' then 'CUX' else 'AUR' end;
insert into transfer_request (asked_by, no, asked_of, patient_no, reason, state) select 'BOR', 2, 'CUX', 2, 'Holiday guest, bravo', 'accepted';

do $$
declare t text;
begin
  foreach t in array array['staff', 'machine', 'patient', 'regimen', 'treatment', 'guest_chart'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy centre on %I using (centre = current_centre())', t);
  end loop;
end $$;
alter table centre enable row level security;
create policy own on centre for select using (code = current_centre());
alter table transfer_request enable row level security;
create policy asker on transfer_request using (asked_by = current_centre()) with check (asked_by = current_centre());

grant select on all tables in schema public to dialyse_app;
grant insert, update, delete on staff, machine, patient, regimen, treatment to dialyse_app;
grant insert, delete, update (reason) on transfer_request to dialyse_app;
grant delete on guest_chart to dialyse_app;
reset role;
