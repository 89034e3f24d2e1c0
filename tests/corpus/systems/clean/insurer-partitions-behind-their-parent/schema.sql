create role ipbp_owner nologin;
create role ipbp_nightly nologin;
create role ipbp_app login;
alter schema public owner to ipbp_owner;
revoke create on schema public from public;
set role ipbp_owner;

create table icd (code text primary key, title text not null);
create table provider (npi text primary key, name text not null, city text);
create table insurer (id bigint primary key, name text not null);
create table plan (insurer_id bigint not null references insurer, code text not null, title text not null, primary key (insurer_id, code));
create table member (insurer_id bigint not null, member_no bigint not null, plan text not null, name text not null, primary key (insurer_id, member_no), foreign key (insurer_id, plan) references plan (insurer_id, code));
-- policies stand on the parent alone; nobody but the owner may touch a partition
create table claim (
  insurer_id bigint not null,
  claim_no bigint not null,
  service_date date not null,
  member_no bigint not null,
  npi text not null references provider,
  icd text not null references icd,
  cents bigint not null,
  remark text,
  primary key (insurer_id, claim_no, service_date),
  foreign key (insurer_id, member_no) references member (insurer_id, member_no)
) partition by range (service_date);
create table claim_2024 partition of claim for values from ('2024-01-01') to ('2025-01-01');
create table claim_2025 partition of claim for values from ('2025-01-01') to ('2026-01-01') partition by list (insurer_id);
create table claim_2025_big partition of claim_2025 for values in (9001);
create table claim_2025_rest partition of claim_2025 default;
create table claim_rest partition of claim default;
create table claim_note (insurer_id bigint not null, claim_no bigint not null, service_date date not null, no int not null, body text not null, primary key (insurer_id, claim_no, service_date, no),
  foreign key (insurer_id, claim_no, service_date) references claim on delete cascade);
create table appeal (insurer_id bigint not null, claim_no bigint not null, service_date date not null, reason text not null, decided text, primary key (insurer_id, claim_no, service_date),
  foreign key (insurer_id, claim_no, service_date) references claim on delete cascade);
create table counter (insurer_id bigint not null references insurer, name text not null, value bigint not null, remark text, primary key (insurer_id, name));

insert into icd values ('M54.5', 'Low back pain'), ('J06.9', 'Cold');
insert into provider values ('1003', 'Dr Falk', 'Ulm'), ('1004', 'Dr Gans', 'Bonn');
insert into insurer values (9001, 'Mutual Alster'), (9002, 'Mutual Bille bravo'), (9003, 'Mutual Dosse bravo');
insert into plan select id, 'B', 'Basic of ' || name from insurer;
insert into member select id, n, 'B', 'Member ' || n || ' of ' || name from insurer, generate_series(1, 2) n;
insert into claim select insurer_id, 100 + y, make_date(y, 6, 1), member_no, '1003', 'M54.5', 12000, 'Back, ' || name from member, generate_series(2024, 2026) y where member_no = 1;
insert into claim_note select insurer_id, claim_no, service_date, 1, 'Checked: ' || remark from claim;
insert into appeal select insurer_id, claim_no, service_date, 'Too little: ' || remark, null from claim where claim_no = 2124;
insert into counter select id, 'claim', 3000, name from insurer;

create function current_insurer() returns bigint language sql stable return nullif(current_setting('claims.insurer', true), '')::bigint;

create materialized view monthly_cost as
  select c.insurer_id, date_trunc('month', c.service_date)::date as month, i.name as insurer, sum(c.cents) as cents, count(*) as claims
  from claim c join insurer i on i.id = c.insurer_id group by 1, 2, 3;
create unique index on monthly_cost (insurer_id, month);
create view my_monthly_cost with (security_barrier = true) as select * from monthly_cost where insurer_id = current_insurer();
create function refresh_monthly_cost() returns void language sql security definer set search_path = public, pg_temp as $$ refresh materialized view monthly_cost $$;
revoke execute on function refresh_monthly_cost from public;
grant execute on function refresh_monthly_cost to ipbp_nightly;

-- the next number of one's own series
create function next_number(series text) returns bigint language sql security definer set search_path = public, pg_temp as $$
  update counter set value = value + 1 where insurer_id = current_insurer() and name = series returning value
$$;
-- next year's partition, by the operators
create function add_year(year int) returns void language plpgsql set search_path = public, pg_temp as $$
begin
  execute format('create table claim_%s partition of claim for values from (%L) to (%L)', year, make_date(year, 1, 1), make_date(year + 1, 1, 1));
end $$;
revoke execute on function add_year from public;

do $$
declare t text;
begin
  foreach t in array array['plan', 'member', 'claim', 'claim_note', 'appeal'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy insurer on %I to ipbp_app using (insurer_id = current_insurer()) with check (insurer_id = current_insurer())', t);
  end loop;
end $$;
alter table insurer enable row level security;
create policy own on insurer for select to ipbp_app using (id = current_insurer());

grant select on icd, provider, insurer, my_monthly_cost to ipbp_app;
grant select, insert, update, delete on plan, member, claim, claim_note, appeal to ipbp_app;
reset role;
