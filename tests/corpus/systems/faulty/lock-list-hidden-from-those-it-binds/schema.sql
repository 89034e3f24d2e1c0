create role lhb_owner nologin;
create role lhb_app login;
alter schema public owner to lhb_owner;
set role lhb_owner;

create table network_member (network text not null, hospital_id bigint not null, note text, primary key (network, hospital_id));
create table patient (
  hospital_id bigint not null, uhid bigint not null, name text not null,
  shared boolean not null default false,      -- consent to the network, given on paper
  primary key (hospital_id, uhid)
);
create table patient_lock (
  hospital_id bigint not null, uhid bigint not null, reason text not null,
  primary key (hospital_id, uhid),
  foreign key (hospital_id, uhid) references patient
);
create table consult (
  hospital_id bigint not null, seen_on date not null, no int not null, uhid bigint not null, findings text,
  primary key (hospital_id, seen_on, no),
  foreign key (hospital_id, uhid) references patient
) partition by range (seen_on);
create table consult_2025 partition of consult for values from ('2025-01-01') to ('2026-01-01');
create table consult_2026 partition of consult for values from ('2026-01-01') to ('2027-01-01');

insert into network_member values ('deccan', 71, 'founder'), ('deccan', 72, 'bravo joined 2024'), ('deccan', 73, 'bravo joined 2025');
insert into patient values
  (71, 1, 'Akash', true), (71, 2, 'Amina', false),
  (72, 1, 'Bhanu bravo', true), (72, 2, 'Bilal bravo', false);
insert into patient_lock values (72, 1, 'bravo: relative works in the network');
insert into consult values
  (71, '2025-05-05', 1, 1, 'migraine'), (71, '2026-05-05', 1, 2, 'anaemia'),
  (72, '2025-06-06', 1, 1, 'bravo: HIV counselling'), (72, '2026-06-06', 1, 2, 'bravo: fever');

create function me() returns bigint language sql stable as $$ select nullif(current_setting('lhb.hospital', true), '')::bigint $$;
create function in_my_network(other bigint) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (select from public.network_member m join public.network_member o using (network)
                  where m.hospital_id = public.me() and o.hospital_id = other)
$$;

alter table network_member enable row level security;
alter table patient enable row level security;
alter table patient_lock enable row level security;
alter table consult enable row level security;
alter table consult_2025 enable row level security;
alter table consult_2026 enable row level security;

create policy own on network_member for select using (hospital_id = (select me()));
create policy own on patient using (hospital_id = (select me()));
create policy network_reads_shared on patient for select using (
  shared and in_my_network(hospital_id)
  and not exists (select from patient_lock l where l.hospital_id = patient.hospital_id and l.uhid = patient.uhid));
create policy own on patient_lock using (hospital_id = (select me()));
create policy own on consult using (hospital_id = (select me()));
-- whoever may read the shared patient may read the consultations
create policy network_reads_shared on consult for select using (
  exists (select from patient p where p.hospital_id = consult.hospital_id and p.uhid = consult.uhid and p.shared));

grant select on network_member to lhb_app;
grant select, insert, update on patient, consult to lhb_app;
grant select, insert, delete on patient_lock to lhb_app;
reset role;
