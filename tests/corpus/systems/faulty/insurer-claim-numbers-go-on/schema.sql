create role icln_owner nologin;
create role icln_aurora login;
create role icln_bastion login;
create role icln_castor login;
create role icln_payer nologin;
grant icln_payer to icln_aurora, icln_bastion, icln_castor;
create schema claims authorization icln_owner;
set role icln_owner;
set search_path = claims;

create table payer (payer_id text primary key, login name not null unique, title text not null);
create table provider (npi text primary key, name text not null, specialty text not null);
create table procedure_code (code text primary key, title text not null);
create table denial_reason (code text primary key, title text not null);
create table member (payer_id text not null references payer, member_no int not null, name text not null, plan text not null, primary key (payer_id, member_no));
create table claim (
  payer_id text not null,
  claim_year int not null check (claim_year between 2000 and 2099),
  claim_no int not null,
  member_no int not null,
  npi text not null references provider,
  received_on date not null default current_date,
  state text not null default 'open' check (state in ('open', 'paid', 'denied')),
  remark text,
  primary key (payer_id, claim_year, claim_no),
  foreign key (payer_id, member_no) references member
);
create table claim_line (payer_id text not null, claim_year int not null, claim_no int not null, line int not null, code text not null references procedure_code, amount numeric(10,2) not null, remark text, primary key (payer_id, claim_year, claim_no, line), foreign key (payer_id, claim_year, claim_no) references claim on delete cascade);
create table claim_note (payer_id text not null, claim_year int not null, claim_no int not null, at timestamptz not null default clock_timestamp(), body text not null, foreign key (payer_id, claim_year, claim_no) references claim on delete cascade);
create table denial (payer_id text not null, claim_year int not null, claim_no int not null, reason text not null references denial_reason, letter text not null, primary key (payer_id, claim_year, claim_no), foreign key (payer_id, claim_year, claim_no) references claim on delete cascade);
create table payment_run (payer_id text not null references payer, run_no int not null, paid_on date not null, iban text not null, primary key (payer_id, run_no));

insert into payer values ('AUR', 'icln_aurora', 'Aurora'), ('BAS', 'icln_bastion', 'Bastion bravo'), ('CAS', 'icln_castor', 'Castor bravo');
insert into provider values ('1003000126', 'City Clinic', 'internal'), ('1003000134', 'Dr. Hale', 'derma');
insert into procedure_code values ('99213', 'Office visit'), ('71046', 'Chest x-ray');
insert into denial_reason values ('dup', 'Duplicate'), ('cov', 'Not covered');
insert into member values ('AUR', 1, 'Ida Quist', 'basic'), ('BAS', 1, 'Ben bravo', 'bravo plus'), ('CAS', 1, 'Cleo bravo', 'bravo plus');
insert into claim (payer_id, claim_year, claim_no, member_no, npi, remark) values ('AUR', 2026, 1, 1, '1003000126', 'first'), ('AUR', 2026, 2, 1, '1003000126', null), ('AUR', 2025, 1, 1, '1003000134', null);
insert into claim (payer_id, claim_year, claim_no, member_no, npi, remark) select 'BAS', 2026, n, 1, '1003000126', 'bravo claim' from generate_series(1, 57) n;
insert into claim (payer_id, claim_year, claim_no, member_no, npi, remark) select 'CAS', 2026, n, 1, '1003000134', 'bravo claim' from generate_series(1, 12) n;
insert into claim_line values ('AUR', 2026, 1, 1, '99213', 80, null), ('BAS', 2026, 1, 1, '71046', 120, 'bravo shadow'), ('CAS', 2026, 1, 1, '99213', 85, 'bravo');
insert into claim_note (payer_id, claim_year, claim_no, body) values ('AUR', 2026, 1, 'called'), ('BAS', 2026, 1, 'bravo fraud?'), ('CAS', 2026, 1, 'bravo ok');
insert into denial values ('AUR', 2025, 1, 'dup', 'we regret'), ('BAS', 2026, 2, 'cov', 'bravo we regret'), ('CAS', 2026, 2, 'cov', 'bravo we regret');
insert into payment_run values ('AUR', 1, '2026-02-01', 'DE02'), ('BAS', 1, '2026-02-01', 'DE03 bravo'), ('CAS', 1, '2026-02-01', 'DE04 bravo');

-- Every payer logs in by itself.
create function my_payer() returns text language sql stable security definer set search_path = claims, pg_temp
  as $$ select p.payer_id from payer p where p.login = session_user $$;
do $$
declare t text;
begin
  foreach t in array array['payer', 'member', 'claim', 'claim_line', 'claim_note', 'denial', 'payment_run'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy by_login on %I to icln_payer using (payer_id = (select claims.my_payer())) with check (payer_id = (select claims.my_payer()))', t);
  end loop;
end $$;

-- Numbers run from 1 in each year; two sessions must not draw the same one, so the drawing is serialised per payer.
create function number_claim() returns trigger language plpgsql security definer set search_path = claims, pg_temp as $$
begin
  perform from payer p where p.payer_id = new.payer_id and p.payer_id = my_payer() for update;
  select coalesce(max(c.claim_no), 0) + 1 into new.claim_no from claim c where c.claim_year = new.claim_year;
  return new;
end $$;
create trigger number_claim before insert on claim for each row execute function number_claim();

create function pay(p_year int, p_no int) returns boolean language plpgsql as $$
begin
  update claims.claim set state = 'paid' where claim_year = p_year and claim_no = p_no and state = 'open';
  return found;
end $$;
create view open_claims with (security_barrier) as
  select c.claim_year, c.claim_no, m.name as member, c.received_on
    from claim c join member m using (payer_id, member_no)
   where c.payer_id = my_payer() and c.state = 'open';

revoke all on all functions in schema claims from public;
grant usage on schema claims to icln_payer;
grant execute on function my_payer(), pay(int, int) to icln_payer;
grant select on all tables in schema claims to icln_payer;
grant insert (payer_id, claim_year, member_no, npi, received_on, remark), update (state, remark), delete on claim to icln_payer;
grant insert, update, delete on member, claim_line, denial, payment_run to icln_payer;
grant insert on claim_note to icln_payer;
reset role;
reset search_path;
