create role k5wc_owner nologin;
create role k5wc_app login;
alter schema public owner to k5wc_owner;
set role k5wc_owner;
create table document (facility text not null, no int not null, patient_no int not null, kind text not null, body text not null, primary key (facility, no));
create table consent_event (
  facility text not null,
  patient_no int not null,
  at timestamptz not null,
  to_facility text not null,
  kind text not null check (kind in ('granted', 'withdrawn')),
  taken_by text,
  primary key (facility, patient_no, to_facility, at)
);
insert into document values ('F01', 1, 1, 'letter', 'sprain'), ('F02', 1, 7, 'letter', 'bravo gender clinic');
insert into consent_event values
  ('F01', 1, '2026-01-01', 'F02', 'granted', 'desk'), ('F01', 1, '2026-01-02', 'F02', 'withdrawn', 'desk'),
  ('F02', 7, '2026-01-01', 'F01', 'granted', 'bravo desk'), ('F02', 7, '2026-03-01', 'F01', 'withdrawn', 'bravo desk');
create function has_consent(giver text, patient int) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from public.consent_event c
     where c.facility = giver and c.patient_no = patient and c.to_facility = pg_catalog.current_setting('hie.facility', true) and c.kind = 'granted')
$$;
revoke execute on function has_consent(text, int) from public;
grant execute on function has_consent(text, int) to k5wc_app;
alter table document enable row level security;
alter table consent_event enable row level security;
create policy own on document using (facility = (select current_setting('hie.facility', true)));
create policy consented on document for select using (has_consent(facility, patient_no));
create policy own on consent_event using (facility = (select current_setting('hie.facility', true)));
grant select, insert, update on document to k5wc_app;
grant select, insert on consent_event to k5wc_app;
reset role;
