create role clmimp_owner nologin;
create role clmimp_api login;
alter schema public owner to clmimp_owner;
set role clmimp_owner;

-- a third-party administrator settles claims for several insurers
create table insurer (id bigint primary key, name text not null);
create table provider (code text primary key, name text not null, town text);
create table diagnosis (icd text primary key, title text not null);
create table plan (insurer bigint not null references insurer, code text not null, title text not null, primary key (insurer, code));
create table member (
  insurer bigint not null references insurer, member_no text not null, plan text not null, name text not null, iban text,
  primary key (insurer, member_no), foreign key (insurer, plan) references plan (insurer, code)
);
create table claim (
  claim_ref text primary key, -- printed by the hospital, its code in front
  insurer bigint not null, member_no text not null, provider text not null references provider, icd text references diagnosis,
  amount numeric(12, 2) not null, state text not null default 'received', remark text not null, received_at timestamptz not null default now(),
  unique (insurer, claim_ref), foreign key (insurer, member_no) references member (insurer, member_no)
);
create table payment (
  insurer bigint not null, claim_ref text not null, no int not null, amount numeric(12, 2) not null, purpose text not null,
  primary key (insurer, claim_ref, no), foreign key (insurer, claim_ref) references claim (insurer, claim_ref)
);
create table claim_document (
  insurer bigint not null, claim_ref text not null, no int not null, file_name text not null, extracted text not null,
  primary key (insurer, claim_ref, no), foreign key (insurer, claim_ref) references claim (insurer, claim_ref)
);
create table claim_history (insurer bigint not null, claim_ref text not null, at timestamptz not null default clock_timestamp(), state text not null, remark text not null);
create table import_run (insurer bigint not null references insurer, no uuid not null default gen_random_uuid(), at timestamptz not null default now(), file_name text not null, rows int not null, primary key (insurer, no));

create function my_insurer() returns bigint language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'insurer')::bigint;

create function keep_history() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into claim_history (insurer, claim_ref, state, remark) values (new.insurer, new.claim_ref, new.state, new.remark);
  return null;
end $$;
create trigger keep_history after insert or update on claim for each row execute function keep_history();

insert into provider values ('H1', 'St. Anna', 'Jena'), ('H2', 'Eye centre', 'Gera'), ('P9', 'Pharmacy at the bridge', 'Jena');
insert into diagnosis values ('E11', 'Type 2 diabetes'), ('H25', 'Cataract');
insert into insurer values (17, 'Aurelia'), (18, 'Borealis bravo'), (19, 'Castor bravo');
insert into plan select id, 'STD', 'Standard of ' || name from insurer;
insert into member select id, 'M' || n, 'STD', 'Member ' || n || ' of ' || name, 'DE00' from insurer, generate_series(1, 3) n;
insert into claim (claim_ref, insurer, member_no, provider, icd, amount, remark)
  select 'H1-' || (i.id - 16) * 1000 + n, i.id, 'M' || n, 'H1', 'E11', 400 + n, 'stay of three days, ' || i.name from insurer i, generate_series(1, 3) n;
insert into payment select insurer, claim_ref, 1, amount / 2, 'instalment, ' || remark from claim where member_no = 'M1';
insert into claim_document select insurer, claim_ref, 1, 'letter.pdf', 'Dear Sir or Madam, ' || remark from claim;
insert into import_run (insurer, file_name, rows) select id, 'jan-' || name || '.json', 3 from insurer;

alter table insurer enable row level security;
create policy own on insurer for select using (id = my_insurer());
do $$
declare t text;
begin
  foreach t in array array['plan', 'member', 'claim', 'payment', 'claim_document', 'claim_history', 'import_run'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_insurer on %I using (insurer = my_insurer()) with check (insurer = my_insurer())', t);
  end loop;
end $$;

-- members: the insurer's own numbers
create function import_members(file_name text, rows_in jsonb) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare mine bigint := my_insurer(); done int;
begin
  if mine is null then
    raise exception 'no insurer';
  end if;
  insert into member (insurer, member_no, plan, name, iban)
    select mine, r ->> 'member_no', r ->> 'plan', r ->> 'name', r ->> 'iban' from jsonb_array_elements(rows_in) r
    on conflict (insurer, member_no) do update set plan = excluded.plan, name = excluded.name, iban = excluded.iban;
  get diagnostics done = row_count;
  insert into import_run (insurer, file_name, rows) values (mine, import_members.file_name, done);
  return done;
end $$;

-- claims: corrected files are sent again under the same reference
create function import_claims(file_name text, rows_in jsonb) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare mine bigint := my_insurer(); done int;
begin
  if mine is null then
    raise exception 'no insurer';
  end if;
  insert into claim (claim_ref, insurer, member_no, provider, icd, amount, remark)
    select r ->> 'claim_ref', mine, r ->> 'member_no', r ->> 'provider', r ->> 'icd', (r ->> 'amount')::numeric, r ->> 'remark'
    from jsonb_array_elements(rows_in) r
    on conflict (claim_ref) do update set amount = excluded.amount, icd = excluded.icd, remark = excluded.remark, state = 'corrected';
  get diagnostics done = row_count;
  insert into import_run (insurer, file_name, rows) values (mine, import_claims.file_name, done);
  return done;
end $$;

create function settle(ref text, cents bigint, purpose text) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare next_no int;
begin
  perform from claim where insurer = my_insurer() and claim_ref = ref for update;
  if not found then
    raise exception 'no such claim';
  end if;
  select coalesce(max(p.no), 0) + 1 into next_no from payment p where p.insurer = my_insurer() and p.claim_ref = ref;
  insert into payment values (my_insurer(), ref, next_no, cents / 100.0, settle.purpose);
  update claim set state = 'paid' where insurer = my_insurer() and claim_ref = ref;
  return next_no;
end $$;

grant select on all tables in schema public to clmimp_api;
grant insert, update, delete on plan, member, claim_document to clmimp_api;
reset role;
