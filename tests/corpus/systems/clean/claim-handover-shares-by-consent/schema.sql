create role leistung_owner nologin;
create role leistung_app login;
create schema claims authorization leistung_owner;
set role leistung_owner;
set search_path = claims;

create table claim_kind (code text primary key, title text not null);
create table icd (code text primary key, title text not null);
create table insurer (id uuid primary key, name text not null, bin text not null);
create table clerk (insurer_id uuid not null references insurer, no int not null, name text not null, primary key (insurer_id, no));
create table insured (insurer_id uuid not null references insurer, no int not null, name text not null, primary key (insurer_id, no));
create table claim (
  insurer_id uuid not null, no int not null, insured_no int not null, kind text not null references claim_kind, clerk_no int, story text not null, cents bigint not null default 0,
  primary key (insurer_id, no), foreign key (insurer_id, insured_no) references insured (insurer_id, no), foreign key (insurer_id, clerk_no) references clerk (insurer_id, no));
create table diagnosis (insurer_id uuid not null, claim_no int not null, icd text not null references icd, remark text not null, primary key (insurer_id, claim_no, icd),
  foreign key (insurer_id, claim_no) references claim (insurer_id, no) on delete cascade);
create table claim_file (insurer_id uuid not null, claim_no int not null, no int not null, title text not null, body text not null, primary key (insurer_id, claim_no, no),
  foreign key (insurer_id, claim_no) references claim (insurer_id, no) on delete cascade);
-- who hands a claim to which other insurer; it counts from the consent of the insured until it ends
create table handover (
  insurer_id uuid not null, claim_no int not null, to_insurer uuid not null, purpose text not null, consent_on date, ends_on date not null,
  primary key (insurer_id, claim_no, to_insurer), foreign key (insurer_id, claim_no) references claim (insurer_id, no) on delete cascade);
create table invitation (
  insurer_id uuid not null references insurer, id uuid not null default gen_random_uuid(), clerk_name text not null, secret_hash text not null, used_at timestamptz, primary key (insurer_id, id));
create table event (insurer_id uuid not null references insurer, at timestamptz not null default clock_timestamp(), what text not null);

insert into claim_kind values ('hos', 'Hospital'), ('reh', 'Rehabilitation');
insert into icd values ('I21', 'Infarction'), ('M54', 'Back pain');
insert into insurer values
  ('1a000000-0000-4000-8000-000000000001', 'Alte Kasse', '109'), ('2b000000-0000-4000-8000-000000000002', 'Bergkasse bravo', '110 bravo'),
  ('3c000000-0000-4000-8000-000000000003', 'Küstenkasse bravo', '111 bravo');
insert into clerk select id, 1, 'Clerk of ' || name from insurer;
insert into insured select id, n, 'Insured ' || n || ' of ' || name from insurer, generate_series(1, 3) n;
insert into claim (insurer_id, no, insured_no, kind, clerk_no, story, cents) select insurer_id, no, no, 'hos', 1, 'Fell ill: ' || name, 120000 from insured;
insert into diagnosis select insurer_id, no, 'I21', 'proven, ' || story from claim;
insert into claim_file select insurer_id, no, 1, 'Report ' || story, 'Ten days in hospital. ' || story from claim;
-- ended, and never consented to
insert into handover select insurer_id, no, '1a000000-0000-4000-8000-000000000001', 'change of insurer, ' || story, case no when 1 then date '2020-01-01' end,
    case no when 1 then date '2020-12-31' else date '2099-12-31' end
  from claim where insurer_id <> '1a000000-0000-4000-8000-000000000001' and no < 3;
insert into handover select insurer_id, 1, '2b000000-0000-4000-8000-000000000002', 'double cover, ' || story, null, '2099-12-31' from claim where insurer_id = '1a000000-0000-4000-8000-000000000001' and no = 1;
insert into invitation (insurer_id, clerk_name, secret_hash) select id, 'new clerk of ' || name, encode(sha256(convert_to(name || 'x', 'UTF8')), 'hex') || ' ' || name from insurer;
insert into event (insurer_id, what) select insurer_id, 'opened ' || story from claim;

create function me() returns uuid language sql stable as $$ select nullif(current_setting('claims.insurer', true), '')::uuid $$;

-- reads the handovers as the owner: the guest sees none of them itself
create function handed_to_me(owner_id uuid, claim int) returns boolean
language sql stable security definer set search_path = claims, pg_temp as $$
  select exists (select from handover h where h.insurer_id = owner_id and h.claim_no = claim and h.to_insurer = me()
    and h.consent_on <= current_date and h.ends_on >= current_date)
$$;

do $$
declare t text;
begin
  foreach t in array array['clerk', 'insured', 'claim', 'diagnosis', 'claim_file', 'handover', 'invitation', 'event'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own on %I using (insurer_id = me()) with check (insurer_id = me())', t);
  end loop;
end $$;
create policy handed on claim for select using (handed_to_me(insurer_id, no));
create policy handed on claim_file for select using (handed_to_me(insurer_id, claim_no));
alter table insurer enable row level security;
create policy own on insurer for select using (id = me());

-- consent is entered by the owner of the claim, never by the one who gets it
create function consent(claim int, guest uuid, day date) returns boolean
language plpgsql security definer set search_path = claims, pg_temp as $$
begin
  update handover h set consent_on = day where h.insurer_id = me() and h.claim_no = claim and h.to_insurer = guest;
  return found;
end $$;
-- an invitation is used up by whoever has the secret; it names its insurer only to a clerk of that insurer
create function use_invitation(secret text) returns boolean
language plpgsql security definer set search_path = claims, pg_temp as $$
begin
  update invitation i set used_at = now()
   where i.insurer_id = me() and i.secret_hash = encode(sha256(convert_to(secret, 'UTF8')), 'hex') and i.used_at is null;
  return found;
end $$;

grant usage on schema claims to leistung_app;
grant select on all tables in schema claims to leistung_app;
grant insert, update, delete on clerk, insured, claim, diagnosis, claim_file to leistung_app;
grant insert (insurer_id, claim_no, to_insurer, purpose, ends_on), delete on handover to leistung_app;
grant insert (insurer_id, clerk_name, secret_hash), delete on invitation to leistung_app;
grant insert on event to leistung_app;
reset search_path;
reset role;
