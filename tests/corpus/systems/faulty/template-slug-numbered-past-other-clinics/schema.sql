create role tsnp_owner nologin;
create role tsnp_members nologin;
create role tsnp_isar login;
create role tsnp_jade login;
create role tsnp_kocher login;
grant tsnp_members to tsnp_isar, tsnp_jade, tsnp_kocher;
alter schema public owner to tsnp_owner;
revoke create on schema public from public;
set role tsnp_owner;

create table merge_field (name text primary key, example text not null);
create table paper (code text primary key, width_mm int not null, height_mm int not null);
create table clinic (code text primary key, login name not null unique, name text not null);
create table letterhead (clinic text not null references clinic, no int not null, head text not null, paper text not null references paper, primary key (clinic, no));
create table document_template (
  clinic text not null references clinic,
  slug text not null,
  title text not null,
  body text not null,
  deleted_at timestamptz,
  primary key (clinic, slug)
);
create table template_version (clinic text not null, slug text not null, no int not null, body text not null, saved_at timestamptz not null default now(), primary key (clinic, slug, no),
  foreign key (clinic, slug) references document_template on update cascade on delete cascade);
create table patient (clinic text not null references clinic, no int not null, name text not null, primary key (clinic, no));
create table letter (clinic text not null, no int not null, patient_no int not null, slug text not null, body text not null, sent_at timestamptz, primary key (clinic, no),
  foreign key (clinic, patient_no) references patient, foreign key (clinic, slug) references document_template on update cascade);
create table tag (clinic text not null references clinic, name text not null, on_type text not null, on_key text not null, primary key (clinic, name, on_type, on_key));

insert into merge_field values ('patient.name', 'Mina Muster'), ('today', '1 March 2026');
insert into paper values ('A4', 210, 297), ('A5', 148, 210);
insert into clinic values ('isar', 'tsnp_isar', 'Clinic Isar'), ('jade', 'tsnp_jade', 'Clinic Jade bravo'), ('kocher', 'tsnp_kocher', 'Clinic Kocher bravo');
insert into letterhead select code, 1, 'Head of ' || name, 'A4' from clinic;
insert into document_template select code, 'referral', 'Referral', 'Dear colleague. ' || name from clinic;
insert into document_template select code, 'hiv-test-consent', 'HIV test consent', 'I agree. ' || name from clinic where code = 'jade';
insert into document_template select code, 'termination-consent', 'Termination consent', 'I agree. ' || name from clinic where code = 'kocher';
insert into template_version select clinic, slug, 1, body from document_template;
insert into patient select code, n, 'Patient ' || n || ' of ' || name from clinic, generate_series(1, 2) n;
insert into letter select clinic, no, no, 'referral', 'Letter about ' || name, null from patient;
insert into tag select code, 'urgent, ' || name, 'letter', '1' from clinic;

-- every clinic has a login of its own
create function my_clinic() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select code from clinic where login = session_user
$$;

create function slug_of(title text) returns text language sql immutable as $$ select trim('-' from regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g')) $$;
create function give_slug() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  base text := coalesce(nullif(slug_of(new.title), ''), 'template');
  n int := 1;
begin
  new.slug := base;
  while exists (select from document_template t where t.slug = new.slug) loop
    n := n + 1;
    new.slug := base || '-' || n;
  end loop;
  return new;
end $$;
create trigger give_slug before insert on document_template for each row execute function give_slug();

create function keep_version() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into template_version (clinic, slug, no, body)
  select new.clinic, new.slug, coalesce(max(v.no), 0) + 1, new.body from template_version v where v.clinic = new.clinic and v.slug = new.slug;
  return null;
end $$;
create trigger keep_version after insert or update of body on document_template for each row execute function keep_version();

do $$
declare t text;
begin
  foreach t in array array['letterhead', 'document_template', 'template_version', 'patient', 'letter', 'tag'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy clinic on %I to tsnp_members using (clinic = my_clinic()) with check (clinic = my_clinic())', t);
  end loop;
end $$;
alter table clinic enable row level security;
create policy own on clinic for select to tsnp_members using (code = my_clinic());

create view active_template with (security_invoker = true) as select clinic, slug, title, body from document_template where deleted_at is null;

grant select on all tables in schema public to tsnp_members;
grant insert, update, delete on letterhead, patient, letter, tag to tsnp_members;
grant insert (clinic, title, body), update (title, body, deleted_at), delete on document_template to tsnp_members;
reset role;
