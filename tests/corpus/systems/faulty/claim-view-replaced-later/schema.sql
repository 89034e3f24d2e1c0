create role claimdesk_owner nologin;
create role claimdesk_user nologin;
create role claimdesk_app login noinherit;
grant claimdesk_user to claimdesk_app;
alter schema public owner to claimdesk_owner;
set role claimdesk_owner;

create table diagnosis (icd text primary key, title text not null);
create table service_code (code text primary key, title text not null, base_price numeric(10, 2));
create table provider (npi text primary key, name text not null, city text);
create table insurer (code text primary key, name text not null);
create table employee (insurer text not null references insurer, email text not null, full_name text not null, primary key (insurer, email));
create table plan (insurer text not null references insurer, code text not null, title text not null, primary key (insurer, code));
create table broker (insurer text not null references insurer, no int not null, full_name text not null, commission numeric(4, 2), primary key (insurer, no));
create table premium (insurer text not null, plan_code text not null, from_age int not null, amount numeric(10, 2) not null, remark text not null, primary key (insurer, plan_code, from_age),
  foreign key (insurer, plan_code) references plan (insurer, code) on delete cascade);
create table member (insurer text not null references insurer, no text not null, full_name text not null, born_on date, plan_code text not null, primary key (insurer, no),
  foreign key (insurer, plan_code) references plan (insurer, code));
create table dependant (insurer text not null, member_no text not null, full_name text not null, primary key (insurer, member_no, full_name),
  foreign key (insurer, member_no) references member (insurer, no) on delete cascade);
create table contact_log (insurer text not null, member_no text not null, at timestamptz not null, channel text not null, summary text not null, primary key (insurer, member_no, at),
  foreign key (insurer, member_no) references member (insurer, no) on delete cascade);
create table preauthorisation (insurer text not null, no text not null, member_no text not null, code text not null references service_code, reason text not null, granted boolean, primary key (insurer, no),
  foreign key (insurer, member_no) references member (insurer, no));
create table preauthorisation_file (insurer text not null, preauthorisation_no text not null, file_name text not null, body text not null, primary key (insurer, preauthorisation_no, file_name),
  foreign key (insurer, preauthorisation_no) references preauthorisation (insurer, no) on delete cascade);
create table claim (insurer text not null, no text not null, member_no text not null, npi text not null references provider, icd text not null references diagnosis, state text not null default 'open', remark text, primary key (insurer, no),
  foreign key (insurer, member_no) references member (insurer, no));
create table claim_line (insurer text not null, claim_no text not null, line int not null, code text not null references service_code, remark text, amount numeric(10, 2) not null, primary key (insurer, claim_no, line),
  foreign key (insurer, claim_no) references claim (insurer, no) on delete cascade);
create table claim_document (insurer text not null, claim_no text not null, file_name text not null, body text, primary key (insurer, claim_no, file_name),
  foreign key (insurer, claim_no) references claim (insurer, no) on delete cascade);
create table payment (insurer text not null, claim_no text not null, paid_on date not null, iban text not null, amount numeric(10, 2), primary key (insurer, claim_no, paid_on),
  foreign key (insurer, claim_no) references claim (insurer, no));
create table appeal (insurer text not null, claim_no text not null, at date not null, reason text not null, primary key (insurer, claim_no, at),
  foreign key (insurer, claim_no) references claim (insurer, no) on delete cascade);

create function jwt_insurer() returns text language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'insurer';

insert into diagnosis values ('F32', 'Depressive episode'), ('M54', 'Back pain');
insert into service_code values ('100', 'Visit', 35), ('210', 'Therapy', 90);
insert into provider values ('1', 'Dr. Gray', 'Bonn'), ('2', 'Dr. White', 'Aachen');
insert into insurer values ('alte-kasse', 'Alte Kasse'), ('bund-kasse', 'Bundkasse bravo'), ('civis', 'Civis bravo');
insert into employee select code, 'desk@' || replace(name, ' ', '-'), 'Clerk of ' || name from insurer;
insert into plan select code, 'basic', 'Basic of ' || name from insurer;
insert into broker select code, 1, 'Broker of ' || name, 2.5 from insurer;
insert into premium select insurer, code, 0, 89, title from plan;
insert into member select i.code, 'M' || n, 'Member ' || n || ' of ' || name, date '1975-04-04' + n, 'basic' from insurer i, generate_series(1, 3) n;
insert into dependant select insurer, no, 'Child of ' || full_name from member where no = 'M1';
insert into contact_log select insurer, no, '2026-01-03 10:00+01', 'phone', 'asked about therapy, ' || full_name from member;
insert into preauthorisation select insurer, 'P' || no, no, '210', 'needs therapy, ' || full_name, true from member where no <> 'M3';
insert into preauthorisation_file select insurer, no, 'opinion.txt', 'opinion: ' || reason from preauthorisation;
insert into claim select insurer, 'C' || no, no, '1', 'F32', 'open', 'therapy of ' || full_name from member;
insert into claim_line select insurer, no, 1, '210', remark, 90 from claim;
insert into claim_document select insurer, no, 'letter.txt', 'letter about ' || remark from claim;
insert into payment select insurer, no, '2026-02-02', 'DE00 ' || remark, 90 from claim where no = 'CM1';
insert into appeal select insurer, no, '2026-02-09', 'refused ' || remark from claim where no = 'CM2';

do $$
declare t text;
begin
  foreach t in array array['employee', 'broker', 'plan', 'premium', 'member', 'dependant', 'contact_log', 'preauthorisation', 'preauthorisation_file', 'claim', 'claim_line', 'claim_document', 'payment', 'appeal'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy insurer on %I to claimdesk_user using (insurer = jwt_insurer())', t);
  end loop;
end $$;
alter table insurer enable row level security;
create policy own on insurer for select to claimdesk_user using (code = jwt_insurer());

-- 0007_views
create view member_card with (security_invoker = true) as
  select m.insurer, m.no, m.full_name, p.title as plan from member m join plan p on (p.insurer, p.code) = (m.insurer, m.plan_code);
create view open_claim with (security_invoker = true) as
  select c.insurer, c.no, c.member_no, m.full_name, c.remark from claim c join member m on (m.insurer, m.no) = (c.insurer, c.member_no) where c.state = 'open';
create view claim_total with (security_invoker = true) as
  select insurer, claim_no, max(remark) as remark, sum(amount) as total from claim_line group by insurer, claim_no;

grant select on all tables in schema public to claimdesk_user;
grant insert, update, delete on member, dependant, contact_log, preauthorisation, preauthorisation_file, claim, claim_line, claim_document, payment, appeal to claimdesk_user;

-- 0019_claims_show_diagnosis
create or replace view open_claim as
  select c.insurer, c.no, c.member_no, m.full_name, c.remark, d.title as diagnosis
  from claim c join member m on (m.insurer, m.no) = (c.insurer, c.member_no) join diagnosis d using (icd) where c.state = 'open';
reset role;
