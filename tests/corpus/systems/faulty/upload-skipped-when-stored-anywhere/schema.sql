create role kestrow_owner nologin;
create role kestrow_user nologin;
create role kestrow_rest login noinherit;
grant kestrow_user to kestrow_rest;
alter schema public owner to kestrow_owner;
set role kestrow_owner;

create function cabinet() returns uuid language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'cabinet')::uuid;

create table doc_type (code text primary key, title text not null, keep_years int not null);
create table mime (code text primary key, suffix text not null);
create table cabinet_account (id uuid primary key, title text not null, quota_mb int not null);
create table insured (cabinet uuid not null references cabinet_account, member_no text not null, full_name text not null, primary key (cabinet, member_no));
-- the bytes lie in a bucket below their hash, once
create table stored_file (cabinet uuid not null references cabinet_account, sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'), bytes int not null, first_name text not null, stored_at timestamptz not null default now(),
  primary key (cabinet, sha256));
create table document (cabinet uuid not null, id uuid not null default gen_random_uuid(), member_no text not null, kind text not null references doc_type, sha256 text not null, title text not null, deleted_at timestamptz,
  primary key (cabinet, id),
  foreign key (cabinet, member_no) references insured (cabinet, member_no) on delete cascade,
  foreign key (cabinet, sha256) references stored_file (cabinet, sha256));
create table signature (cabinet uuid not null, document_id uuid not null, signed_by text not null, signed_at timestamptz not null default now(), primary key (cabinet, document_id, signed_by),
  foreign key (cabinet, document_id) references document (cabinet, id) on delete cascade);
create table share_link (cabinet uuid not null, document_id uuid not null, secret uuid not null default gen_random_uuid(), label text not null, ends_at timestamptz not null, primary key (cabinet, secret),
  foreign key (cabinet, document_id) references document (cabinet, id) on delete cascade);

insert into doc_type values ('ref', 'Referral', 10), ('inv', 'Invoice', 8);
insert into mime values ('application/pdf', 'pdf');
insert into cabinet_account values ('a0000000-0000-4000-8000-00000000000a', 'Cabinet Dupont', 500), ('b0000000-0000-4000-8000-00000000000b', 'Cabinet Martin bravo', 500), ('c0000000-0000-4000-8000-00000000000c', 'Cabinet Leroy bravo', 200);
insert into insured select id, n::text, 'Member ' || n || ' of ' || title from cabinet_account, generate_series(1, 2) n;
insert into stored_file select cabinet, encode(sha256(convert_to('scan of ' || full_name, 'UTF8')), 'hex'), 20000, 'scan of ' || full_name || '.pdf' from insured;
-- the form that the insurer sends to everybody
insert into stored_file select id, encode(sha256('long-term care form'), 'hex'), 9000, 'form of ' || title || '.pdf' from cabinet_account where quota_mb = 500 and title like '%Martin%';
insert into document (cabinet, member_no, kind, sha256, title) select i.cabinet, i.member_no, 'ref', f.sha256, f.first_name from insured i join stored_file f on f.cabinet = i.cabinet and f.first_name = 'scan of ' || i.full_name || '.pdf';
insert into signature (cabinet, document_id, signed_by) select cabinet, id, 'signed on ' || title from document;
insert into share_link (cabinet, document_id, label, ends_at) select cabinet, id, 'for the doctor, ' || title, '2026-12-31' from document;

alter table cabinet_account enable row level security;
create policy mine on cabinet_account for select to kestrow_user using (id = cabinet());
do $$
declare t text;
begin
  foreach t in array array['insured', 'stored_file', 'document', 'signature', 'share_link'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy mine on %I to kestrow_user using (cabinet = cabinet())', t);
  end loop;
end $$;

-- saves the upload of what the bucket has already
create function announce_upload(p_sha256 text, p_bytes int, p_name text) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare verdict text := 'please send';
begin
  if cabinet() is null then raise exception 'not signed in'; end if;
  if exists (select from stored_file f where f.sha256 = p_sha256 and f.bytes = p_bytes) then
    verdict := 'have it, skip';
  end if;
  insert into stored_file (cabinet, sha256, bytes, first_name) values (cabinet(), p_sha256, p_bytes, p_name)
    on conflict (cabinet, sha256) do nothing;
  return verdict;
end $$;
create function file_document(p_member text, p_kind text, p_sha256 text, p_title text) returns uuid language sql
begin atomic
  insert into document (cabinet, member_no, kind, sha256, title) values (cabinet(), p_member, p_kind, p_sha256, p_title) returning id;
end;

revoke execute on function announce_upload, file_document from public;
grant execute on function announce_upload, file_document to kestrow_user;
grant select on all tables in schema public to kestrow_user;
grant insert, update, delete on insured, document, signature, share_link to kestrow_user;
grant delete on stored_file to kestrow_user;
reset role;
