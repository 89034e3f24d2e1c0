create role scanarchiv_owner nologin;
create role scanarchiv_app login;
create schema archive authorization scanarchiv_owner;
set role scanarchiv_owner;
set search_path = archive;

create table doc_type (code text primary key, title text not null, keep_years int not null);
create table language (code text primary key, title text not null);
create table organisation (id text primary key, name text not null);
create table patient (org_id text not null references organisation, no int not null, name text not null, born date, primary key (org_id, no));
-- what was uploaded, by its content; the bucket keeps one object per organisation and hash
create table scan (
  org_id text not null references organisation, sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'), file_name text not null, bytes int not null, uploaded_at timestamptz not null default now(),
  primary key (org_id, sha256));
create index scan_sha256 on scan (sha256);
create table import_batch (org_id text not null references organisation, no int not null, source text not null, started_at timestamptz not null default now(), primary key (org_id, no));
create table document (
  org_id text not null, no int not null, patient_no int not null, type text not null references doc_type, title text not null, sha256 text not null, batch_no int,
  primary key (org_id, no), foreign key (org_id, patient_no) references patient (org_id, no), foreign key (org_id, sha256) references scan (org_id, sha256),
  foreign key (org_id, batch_no) references import_batch (org_id, no));
create table import_problem (org_id text not null, batch_no int not null, pos int not null, message text not null, primary key (org_id, batch_no, pos),
  foreign key (org_id, batch_no) references import_batch (org_id, no) on delete cascade);
create table page_text (
  org_id text not null, sha256 text not null, page int not null, language text not null references language, body text not null, words tsvector generated always as (to_tsvector('simple', body)) stored,
  primary key (org_id, sha256, page), foreign key (org_id, sha256) references scan (org_id, sha256) on delete cascade);
create index on page_text using gin (words);
create table tag (org_id text not null references organisation, label text not null, primary key (org_id, label));
create table document_tag (org_id text not null, document_no int not null, label text not null, primary key (org_id, document_no, label),
  foreign key (org_id, document_no) references document (org_id, no) on delete cascade, foreign key (org_id, label) references tag (org_id, label));
create table access_log (org_id text not null references organisation, at timestamptz not null default clock_timestamp(), who text not null, what text not null);

insert into doc_type values ('LET', 'Letter', 10), ('IMG', 'Image', 30);
insert into language values ('de', 'German'), ('da', 'Danish');
insert into organisation values ('alster', 'Praxis Alster'), ('bille', 'Praxis Bille bravo'), ('elbe', 'MVZ Elbe bravo');
insert into patient select id, n, 'Patient ' || n || ' of ' || name, '1961-02-03' from organisation, generate_series(1, 2) n;
insert into scan (org_id, sha256, file_name, bytes)
  select org_id, encode(sha256(convert_to(name, 'UTF8')), 'hex'), 'scan of ' || name || '.pdf', 40210 from patient;
insert into import_batch (org_id, no, source) select id, 1, 'box of ' || name from organisation;
insert into document select p.org_id, p.no, p.no, 'LET', 'Discharge letter, ' || p.name, encode(sha256(convert_to(p.name, 'UTF8')), 'hex'), 1 from patient p;
insert into import_problem select org_id, no, 1, 'page upside down in ' || source from import_batch;
insert into page_text (org_id, sha256, page, language, body) select org_id, sha256, 1, 'de', 'Sehr geehrte Kollegen, ' || file_name from scan;
insert into tag select id, 'urgent at ' || name from organisation;
insert into document_tag select d.org_id, d.no, t.label from document d join tag t using (org_id);
insert into access_log (org_id, who, what) select org_id, 'MFA of ' || name, 'opened ' || name from patient;

create function current_org() returns text language sql stable as $$ select nullif(current_setting('archive.org', true), '') $$;
do $$
declare t text;
begin
  foreach t in array array['patient', 'scan', 'import_batch', 'document', 'import_problem', 'page_text', 'tag', 'document_tag', 'access_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy org on %I using (org_id = current_org()) with check (org_id = current_org())', t);
  end loop;
end $$;
alter table organisation enable row level security;
create policy own on organisation for select using (id = current_org());

-- full text over the own pages only; the rank is computed from these
create function find_pages(q text) returns table (sha256 text, page int, rank real)
language sql stable set search_path = archive, pg_temp as $$
  select p.sha256, p.page, ts_rank(p.words, websearch_to_tsquery('simple', q)) from page_text p
   where p.words @@ websearch_to_tsquery('simple', q) order by 3 desc limit 50
$$;

-- the importer sends the hashes of a whole box and uploads what comes back; by the index on the hash, without a policy per row
create function missing_scans(hashes text[]) returns setof text
language sql stable security definer set search_path = archive, pg_temp as $$
  select h from unnest(hashes) h where not exists (select from scan s where s.sha256 = h)
$$;

create function file_document(batch int, patient int, doc_type text, title text, hash text) returns int
language plpgsql set search_path = archive, pg_temp as $$
declare next_no int;
begin
  if not exists (select from scan s where s.sha256 = hash) then
    insert into import_problem (org_id, batch_no, pos, message)
      select current_org(), batch, coalesce(max(pos), 0) + 1, 'no scan for ' || title from import_problem where batch_no = batch;
    return null;
  end if;
  select coalesce(max(no), 0) + 1 into next_no from document;
  insert into document (org_id, no, patient_no, type, title, sha256, batch_no) values (current_org(), next_no, patient, doc_type, title, hash, batch);
  return next_no;
end $$;

grant usage on schema archive to scanarchiv_app;
grant select on all tables in schema archive to scanarchiv_app;
grant insert, update, delete on patient, scan, import_batch, document, import_problem, tag, document_tag to scanarchiv_app;
grant insert (org_id, sha256, page, language, body), delete on page_text to scanarchiv_app;
grant insert on access_log to scanarchiv_app;
reset search_path;
reset role;
