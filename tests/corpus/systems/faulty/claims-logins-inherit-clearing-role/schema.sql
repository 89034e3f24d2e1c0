create role hexlan_owner nologin;
create role hexlan_desk nologin;
create role hexlan_clearing nologin;
create role hexlan_m41 login;
create role hexlan_m42 login;
create role hexlan_m43 login;
grant hexlan_desk to hexlan_m41, hexlan_m42, hexlan_m43;
alter schema public owner to hexlan_owner;
set role hexlan_owner;

create table insurer (ik text primary key, title text not null);
create table tariff (position text primary key, title text not null, cents int not null);
create table reject_reason (code text primary key, title text not null);
create table office (login name primary key, title text not null);
create table client (office name not null references office default current_user, no int not null, full_name text not null, insurer text not null references insurer, member_no text not null, primary key (office, no));
create table order_form (office name not null default current_user, no int not null, client_no int not null, prescriber text not null, scan text, primary key (office, no),
  foreign key (office, client_no) references client (office, no));
create table claim (office name not null default current_user, no int not null, client_no int not null, month date not null, state text not null default 'open' check (state in ('open', 'sent', 'paid', 'rejected')), memo text, primary key (office, no),
  foreign key (office, client_no) references client (office, no));
create table claim_line (office name not null default current_user, claim_no int not null, pos int not null, position text not null references tariff, diagnosis text not null, primary key (office, claim_no, pos),
  foreign key (office, claim_no) references claim (office, no) on delete cascade);
create table rejection (office name not null default current_user, claim_no int not null, reason text not null references reject_reason, remark text, primary key (office, claim_no, reason),
  foreign key (office, claim_no) references claim (office, no) on delete cascade);
create table clearing_run (office name not null default current_user references office, started_at timestamptz not null default clock_timestamp(), file_name text not null, primary key (office, started_at));

insert into insurer values ('108310400', 'AOK'), ('101575519', 'TK');
insert into tariff values ('01', 'Basic care', 2140), ('02', 'Medication', 870);
insert into reject_reason values ('SIG', 'Signature missing');
insert into office values ('hexlan_m41', 'Pflege Kern'), ('hexlan_m42', 'Pflege Daheim bravo'), ('hexlan_m43', 'Pflege Plus bravo');
insert into client select login, n, 'Client ' || n || ' of ' || title, '108310400', 'A' || n from office, generate_series(1, 2) n;
insert into order_form select office, no, no, 'Dr. of ' || full_name, 'scan' from client;
insert into claim select office, no, no, '2026-01-01', 'sent', 'for ' || full_name from client;
insert into claim_line select c.office, c.no, n, '01', 'F03 ' || c.memo from claim c, generate_series(1, 2) n;
insert into rejection select office, no, 'SIG', 'returned ' || memo from claim;
insert into clearing_run select login, '2026-02-01 02:00+00', 'KEN_' || title from office;

do $$
declare t text;
begin
  foreach t in array array['client', 'order_form', 'claim', 'claim_line', 'rejection', 'clearing_run'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy of_office on %I to hexlan_desk using (office = current_user) with check (office = current_user)', t);
  end loop;
end $$;
alter table office enable row level security, force row level security;
create policy of_office on office for select to hexlan_desk using (login = current_user);

-- the nightly file is written for everybody in one go
create policy all_lines on claim_line for select to hexlan_clearing using (true);
create view clearing_totals with (security_invoker = true) as
  select office, count(*) as lines, sum(cents) as cents from claim_line join tariff using (position) group by office;

grant select on insurer, tariff, reject_reason, office, client, order_form, claim, claim_line, rejection, clearing_run to hexlan_desk;
grant insert, update, delete on client, order_form, claim, claim_line, rejection to hexlan_desk;
grant insert on clearing_run to hexlan_desk;
grant select on claim_line, tariff, clearing_totals to hexlan_clearing;
reset role;
-- 2025-11: the totals are shown in the office as well
grant hexlan_clearing to hexlan_desk;
