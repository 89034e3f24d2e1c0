-- English and the twenty-two languages of the Eighth Schedule to the Constitution: slots, not translations.
create table wardkeep_consent.language (
  code text primary key,
  name text not null,
  direction text not null check (direction in ('ltr', 'rtl'))
);
comment on table wardkeep_consent.language is 'The languages a notice can be offered in, and how each is usually written.';
insert into wardkeep_consent.language (code, name, direction) values
  ('as', 'Assamese', 'ltr'), ('bn', 'Bengali', 'ltr'), ('brx', 'Bodo', 'ltr'), ('doi', 'Dogri', 'ltr'), ('en', 'English', 'ltr'),
  ('gu', 'Gujarati', 'ltr'), ('hi', 'Hindi', 'ltr'), ('kn', 'Kannada', 'ltr'), ('kok', 'Konkani', 'ltr'), ('ks', 'Kashmiri', 'rtl'),
  ('mai', 'Maithili', 'ltr'), ('ml', 'Malayalam', 'ltr'), ('mni', 'Manipuri', 'ltr'), ('mr', 'Marathi', 'ltr'), ('ne', 'Nepali', 'ltr'),
  ('or', 'Odia', 'ltr'), ('pa', 'Punjabi', 'ltr'), ('sa', 'Sanskrit', 'ltr'), ('sat', 'Santali', 'ltr'), ('sd', 'Sindhi', 'rtl'),
  ('ta', 'Tamil', 'ltr'), ('te', 'Telugu', 'ltr'), ('ur', 'Urdu', 'rtl');

create table wardkeep_consent.notice (
  id uuid primary key default gen_random_uuid(),
  tenant text not null check (tenant <> ''),
  code text not null check (code <> ''),
  version integer not null check (version > 0),
  -- [{"purpose", "data": [...], "enables"}]: which data for which purpose, and what that makes possible.
  items jsonb not null,
  contact text not null,
  withdraw text not null,
  rights text not null,
  complain text not null,
  published_at timestamptz not null default clock_timestamp(),
  actor text not null,
  role text not null,
  session_id uuid not null,
  unique (tenant, code, version)
);
comment on table wardkeep_consent.notice is 'Versions of what people are told. A version is never changed; a correction is the next one.';

create table wardkeep_consent.notice_text (
  notice uuid not null references wardkeep_consent.notice,
  language text not null references wardkeep_consent.language,
  direction text not null check (direction in ('ltr', 'rtl')),
  status text not null check (status in ('original', 'machine', 'human', 'counsel')),
  body text not null check (btrim(body) <> ''),
  sha256 bytea not null check (sha256 = sha256(convert_to(body, 'UTF8'))),
  primary key (notice, language)
);
comment on table wardkeep_consent.notice_text is 'The words of one version in one language, with who stands for the translation and the SHA-256 of the UTF-8 text.';

create function wardkeep_consent.keep() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '% is a record: rows are added, never changed or removed', tg_table_name using errcode = '42501';
end
$$;
comment on function wardkeep_consent.keep() is 'Trigger: what was recorded stays.';

create trigger notice_kept before update or delete on wardkeep_consent.notice for each row execute function wardkeep_consent.keep();
create trigger notice_emptied before truncate on wardkeep_consent.notice for each statement execute function wardkeep_consent.keep();
create trigger text_kept before update or delete on wardkeep_consent.notice_text for each row execute function wardkeep_consent.keep();
create trigger text_emptied before truncate on wardkeep_consent.notice_text for each statement execute function wardkeep_consent.keep();

alter table wardkeep_consent.language enable row level security;
alter table wardkeep_consent.notice enable row level security;
alter table wardkeep_consent.notice_text enable row level security;

create function wardkeep_consent.refuse(what text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%', what using errcode = 'WK503', hint = 'Nothing was recorded, and what was recorded before stays.';
end
$$;
comment on function wardkeep_consent.refuse(text) is 'Internal: raises WK503; never returns.';
