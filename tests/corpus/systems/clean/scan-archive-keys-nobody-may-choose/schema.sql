create role sak_owner nologin;
create role sak_app login;
create schema scan authorization sak_owner;
set role sak_owner;

create table scan.doc_type (code text primary key, title text not null, years_kept int not null);
create table scan.source (code text primary key, title text not null);
create table scan.branch (id uuid primary key, name text not null);
create table scan.folder (
  id uuid primary key default gen_random_uuid(),
  branch_id uuid not null references scan.branch,
  title text not null,
  unique (branch_id, id)
);
create table scan.document (
  id uuid primary key default gen_random_uuid(),
  branch_id uuid not null references scan.branch,
  folder_id uuid not null,
  doc_type text not null references scan.doc_type,
  source text not null references scan.source,
  -- printed on the paper; unique over the whole archive, because the paper store is one for all
  barcode text not null unique default upper(substr(md5(gen_random_uuid()::text), 1, 16)),
  digest text not null,
  title text not null,
  page_count int not null default 1 check (page_count > 0),
  unique (branch_id, id),
  unique (branch_id, digest),
  foreign key (branch_id, folder_id) references scan.folder (branch_id, id)
);
create table scan.page (
  branch_id uuid not null, document_id uuid not null, no int not null, words text not null,
  primary key (branch_id, document_id, no),
  foreign key (branch_id, document_id) references scan.document (branch_id, id) on delete cascade
);
create table scan.stamp (
  branch_id uuid not null, document_id uuid not null, said text not null, put_on date not null,
  primary key (branch_id, document_id, said),
  foreign key (branch_id, document_id) references scan.document (branch_id, id) on delete cascade
);
create table scan.label (id uuid primary key default gen_random_uuid(), branch_id uuid not null references scan.branch, name text not null, unique (branch_id, name), unique (branch_id, id));
create table scan.document_label (
  branch_id uuid not null, document_id uuid not null, label_id uuid not null,
  primary key (branch_id, document_id, label_id),
  foreign key (branch_id, document_id) references scan.document (branch_id, id) on delete cascade,
  foreign key (branch_id, label_id) references scan.label (branch_id, id) on delete cascade
);
create table scan.import_run (id uuid primary key default gen_random_uuid(), branch_id uuid not null references scan.branch, at timestamptz not null default now(), offered int not null, taken int not null, remark text);

create function scan.my_branches() returns uuid[] language sql stable
  return coalesce(nullif(current_setting('scan.branches', true), ''), '{}')::uuid[];

-- the same file is offered again by every scanner that was offline; it is taken once a branch
create function scan.import_documents(p_branch uuid, p_folder uuid, p_batch jsonb) returns int language plpgsql as $$
declare
  kept int;
begin
  insert into scan.document (branch_id, folder_id, doc_type, source, digest, title, page_count)
    select p_branch, p_folder, b.doc_type, b.source, b.digest, b.title, coalesce(b.page_count, 1)
      from jsonb_to_recordset(p_batch) as b (doc_type text, source text, digest text, title text, page_count int)
    on conflict (branch_id, digest) do update set title = excluded.title;
  get diagnostics kept = row_count;
  insert into scan.import_run (branch_id, offered, taken) values (p_branch, jsonb_array_length(p_batch), kept);
  return kept;
end $$;

create function scan.by_barcode(p_barcode text) returns table (title text, folder text) language sql stable as $$
  select d.title, f.title from scan.document d join scan.folder f on f.id = d.folder_id where d.barcode = upper(p_barcode)
$$;

insert into scan.doc_type values ('LET', 'Letter', 10), ('LAB', 'Laboratory report', 10), ('CON', 'Consent', 30);
insert into scan.source values ('FAX', 'Fax'), ('MAIL', 'Post');
insert into scan.branch values
  ('11111111-1111-4111-8111-111111111111', 'Adler'),
  ('22222222-2222-4222-8222-222222222222', 'Bussard bravo'),
  ('33333333-3333-4333-8333-333333333333', 'Condor bravo');
insert into scan.folder (id, branch_id, title) select md5('folder' || id)::uuid, id, 'Incoming post of ' || name from scan.branch;
insert into scan.document (id, branch_id, folder_id, doc_type, source, barcode, digest, title)
  select md5('document' || b.id || n)::uuid, b.id, f.id, 'LET', 'MAIL', upper(substr(md5('barcode' || b.id || n), 1, 16)),
         md5('digest' || n), 'Letter ' || n || ' for ' || b.name
    from scan.branch b join scan.folder f on f.branch_id = b.id, generate_series(1, 3) n;
insert into scan.page select branch_id, id, 1, 'Dear Sir. ' || title from scan.document;
insert into scan.stamp select branch_id, id, 'Seen. ' || title, '2026-02-28' from scan.document;
insert into scan.label (branch_id, name) select id, 'urgent at ' || name from scan.branch;
insert into scan.document_label select d.branch_id, d.id, l.id from scan.document d join scan.label l using (branch_id);
insert into scan.import_run (branch_id, at, offered, taken, remark) select id, '2026-02-28', 3, 3, 'Scanner of ' || name from scan.branch;

do $$
declare t text;
begin
  foreach t in array array['folder', 'document', 'page', 'stamp', 'label', 'document_label', 'import_run'] loop
    execute format('alter table scan.%I enable row level security', t);
    execute format('create policy mine on scan.%I using (branch_id = any (scan.my_branches()))', t);
  end loop;
end $$;
alter table scan.branch enable row level security;
create policy mine on scan.branch for select using (id = any (scan.my_branches()));

-- id and barcode are given by the database and never by a client
grant usage on schema scan to sak_app;
grant select on all tables in schema scan to sak_app;
grant insert (branch_id, title), update (title), delete on scan.folder to sak_app;
grant insert (branch_id, folder_id, doc_type, source, digest, title, page_count), update (folder_id, doc_type, title, page_count), delete on scan.document to sak_app;
grant insert, update, delete on scan.page, scan.stamp, scan.document_label to sak_app;
grant insert (branch_id, name), update (name), delete on scan.label to sak_app;
grant insert (branch_id, offered, taken, remark) on scan.import_run to sak_app;
reset role;
