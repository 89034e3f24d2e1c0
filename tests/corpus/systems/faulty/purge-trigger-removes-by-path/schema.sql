create role vetpurge_owner nologin;
create role vetpurge_staff nologin;
create role vetpurge_alder nologin;
create role vetpurge_birke nologin;
create role vetpurge_cedar nologin;
create role vetpurge_login login noinherit;
grant vetpurge_staff to vetpurge_alder, vetpurge_birke, vetpurge_cedar;
grant vetpurge_alder, vetpurge_birke, vetpurge_cedar to vetpurge_login;
create schema vet authorization vetpurge_owner;
set role vetpurge_owner;
set search_path = vet;

create table species (code text primary key, title text not null);
create table document_kind (code text primary key, title text not null, keep_years int not null);
create table clinic (clinic text primary key, title text not null);
create table keeper (clinic text not null references clinic, no int not null, full_name text not null, phone text, primary key (clinic, no));
create table animal (
  clinic text not null, chip text not null, keeper_no int not null, name text not null, species text not null references species,
  primary key (clinic, chip),
  foreign key (clinic, keeper_no) references keeper (clinic, no)
);
create table treatment (
  clinic text not null, chip text not null, at timestamptz not null, finding text not null, fee numeric,
  primary key (clinic, chip, at),
  foreign key (clinic, chip) references animal (clinic, chip) on delete cascade
);
create table stored_file (
  clinic text not null references clinic, path text not null, mime text not null, body text not null,
  primary key (clinic, path)
);
-- Two documents may show the same file: an x-ray is filed under both animals of a keeper.
create table document (
  clinic text not null, chip text not null, no int not null, kind text not null references document_kind, title text not null, path text not null,
  primary key (clinic, chip, no),
  foreign key (clinic, chip) references animal (clinic, chip) on delete cascade
);
create index on document (clinic, path);
create table purge_log (clinic text not null references clinic, id uuid not null default gen_random_uuid(), path text not null, at timestamptz not null default now(), primary key (clinic, id));

-- The pool sets the role of the clinic; the rest of its name is the clinic.
create function my_clinic() returns text language sql stable as $$ select substr(current_user, 10) $$;

-- The last document of a file takes it along. Nobody may delete a file by hand.
create function purge_file() returns trigger language plpgsql security definer set search_path = vet, pg_temp as $$
begin
  if exists (select from document d where d.clinic = old.clinic and d.path = old.path) then
    return null;
  end if;
  delete from stored_file f where f.path = old.path;
  if found then
    insert into purge_log (clinic, path) values (old.clinic, old.path);
  end if;
  return null;
end $$;
create trigger purge after delete on document for each row execute function purge_file();

create view document_list with (security_barrier) as
  select d.clinic, d.chip, a.name as animal, d.no, d.title, k.title as kind, d.path
    from document d join animal a on a.clinic = d.clinic and a.chip = d.chip join document_kind k on k.code = d.kind
   where d.clinic = my_clinic();

insert into species values ('dog', 'Dog'), ('cat', 'Cat'), ('rab', 'Rabbit');
insert into document_kind values ('xr', 'X-ray', 10), ('lab', 'Laboratory', 10), ('con', 'Consent', 3);
insert into clinic values ('alder', 'Vets at the Alder'), ('birke', 'Kleintierpraxis bravo'), ('cedar', 'Cedar bravo');
insert into keeper select clinic, n, 'Keeper ' || n || ', ' || title, '030 44' || n from clinic, generate_series(1, 2) n;
insert into animal select clinic, '27609' || no, no, 'Rex of ' || full_name, 'dog' from keeper;
insert into treatment select clinic, chip, '2026-02-11 10:00+00', 'limps, ' || name, 45 from animal;
insert into stored_file select c.clinic, '2026/000' || n || '.pdf', 'application/pdf', 'scan for ' || c.title from clinic c, generate_series(1, 2) n;
insert into document select clinic, chip, 1, 'xr', 'Hip, ' || name, '2026/000' || keeper_no || '.pdf' from animal;
insert into document select clinic, chip, 2, 'con', 'Consent, ' || name, '2026/0001.pdf' from animal where keeper_no = 1;
insert into purge_log (clinic, path) select clinic, '2025/0009 ' || title || '.pdf' from clinic;

alter table clinic enable row level security;
create policy own on clinic for select using (clinic = my_clinic());
do $$
declare t text;
begin
  foreach t in array array['keeper', 'animal', 'treatment', 'stored_file', 'document', 'purge_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy clinic on %I using (clinic = my_clinic())', t);
  end loop;
end $$;

grant usage on schema vet to vetpurge_staff;
grant select on all tables in schema vet to vetpurge_staff;
grant insert, update, delete on keeper, animal, treatment, document to vetpurge_staff;
grant insert on stored_file to vetpurge_staff;
reset role;
reset search_path;
