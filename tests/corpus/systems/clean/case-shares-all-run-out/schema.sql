create role cso_owner nologin;
create role cso_authenticated nologin;
create role cso_gateway login noinherit;
grant cso_authenticated to cso_gateway;
create schema board authorization cso_owner;
set role cso_owner;

-- the directory of the network: who can be asked for a second opinion
create table board.directory (code text primary key, city text not null, speciality text not null);
create table board.stage (code text primary key, title text not null);
create table board.modality (code text primary key, title text not null);
create table board.member (hospital text not null references board.directory, id uuid not null default gen_random_uuid(), full_name text not null, primary key (hospital, id));
create table board.case_file (
  hospital text not null references board.directory, id uuid not null default gen_random_uuid(), pseudonym text not null, question text not null, stage text not null references board.stage,
  primary key (hospital, id)
);
create table board.case_image (
  hospital text not null, case_id uuid not null, no int not null, modality text not null references board.modality, caption text not null,
  primary key (hospital, case_id, no),
  foreign key (hospital, case_id) references board.case_file (hospital, id) on delete cascade
);
create table board.opinion (
  hospital text not null, case_id uuid not null, no int not null, author text not null, body text not null,
  primary key (hospital, case_id, no),
  foreign key (hospital, case_id) references board.case_file (hospital, id) on delete cascade
);
create table board.share (
  hospital text not null, case_id uuid not null, shared_with text not null references board.directory, valid_until timestamptz not null, withdrawn_at timestamptz, reason text not null,
  primary key (hospital, case_id, shared_with),
  foreign key (hospital, case_id) references board.case_file (hospital, id) on delete cascade,
  check (shared_with <> hospital)
);
create table board.access_note (hospital text not null references board.directory, at timestamptz not null default now(), what text not null);

create function board.my_hospital() returns text language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'hospital';

-- the guest cannot read the share itself: its reason is the owner's
create function board.open_to_me(p_hospital text, p_case uuid) returns boolean language sql stable security definer set search_path = board, pg_temp as $$
  select exists (
    select from share s
     where s.hospital = p_hospital and s.case_id = p_case and s.shared_with = my_hospital()
       and s.withdrawn_at is null and s.valid_until > now())
$$;

insert into board.directory values ('ALST', 'Hamburg', 'Oncology'), ('BODE', 'Halle', 'Neurology'), ('CHAR', 'Berlin', 'Oncology');
insert into board.stage values ('O', 'Open'), ('C', 'Closed');
insert into board.modality values ('CT', 'Computed tomography'), ('MR', 'Magnetic resonance');
insert into board.member (hospital, full_name)
  select code, 'Consultant in ' || city || case code when 'ALST' then '' else ' bravo' end from board.directory;
insert into board.case_file (hospital, id, pseudonym, question, stage)
  select hospital, md5(hospital || n)::uuid, 'Case ' || n || ', ' || full_name, 'Second line? Asks ' || full_name, 'O' from board.member, generate_series(1, 3) n;
insert into board.case_image select hospital, id, 1, 'CT', 'Thorax. ' || pseudonym from board.case_file;
insert into board.opinion select hospital, id, 1, 'Author for ' || pseudonym, 'We would wait. ' || pseudonym from board.case_file;
insert into board.share
  select f.hospital, f.id, d.code, '2021-12-31', null, 'Tumour board of 2021. ' || f.pseudonym
    from board.case_file f join board.directory d on d.code <> f.hospital where f.pseudonym like 'Case 1%';
-- without an end, and taken back
insert into board.share
  select f.hospital, f.id, d.code, 'infinity', '2022-03-01', 'Sent by mistake. ' || f.pseudonym
    from board.case_file f join board.directory d on d.code <> f.hospital where f.pseudonym like 'Case 2%';
insert into board.access_note select hospital, '2022-01-01', 'opened by ' || full_name from board.member;

do $$
declare t text;
begin
  foreach t in array array['member', 'case_file', 'case_image', 'opinion', 'share', 'access_note'] loop
    execute format('alter table board.%I enable row level security', t);
    execute format('create policy own on board.%I using (hospital = board.my_hospital())', t);
  end loop;
end $$;
create policy guest on board.case_file for select using (board.open_to_me(hospital, id));
create policy guest on board.case_image for select using (board.open_to_me(hospital, case_id));
create policy guest_reads on board.opinion for select using (board.open_to_me(hospital, case_id));
create policy guest_writes on board.opinion for insert
  with check (board.open_to_me(hospital, case_id) and author = board.my_hospital());

create view board.inbox with (security_invoker) as
  select f.hospital, f.pseudonym, f.question, count(o.no) as opinions
    from board.case_file f
    left join board.opinion o on o.hospital = f.hospital and o.case_id = f.id
   where f.hospital <> board.my_hospital()
   group by f.hospital, f.id, f.pseudonym, f.question;

create function board.prolong(p_case uuid, p_with text, p_until timestamptz) returns boolean language sql as $$
  with later as (
    update board.share set valid_until = p_until, withdrawn_at = null
     where hospital = board.my_hospital() and case_id = p_case and shared_with = p_with returning 1)
  select exists (select from later)
$$;

grant usage on schema board to cso_authenticated;
grant select on board.directory, board.stage, board.modality, board.member, board.share, board.inbox to cso_authenticated;
grant select, insert, update, delete on board.case_file, board.case_image, board.opinion to cso_authenticated;
grant insert on board.access_note to cso_authenticated;
grant insert, update (valid_until, withdrawn_at), delete on board.share to cso_authenticated;
reset role;
