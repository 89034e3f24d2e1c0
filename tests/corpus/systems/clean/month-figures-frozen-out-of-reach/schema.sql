create role firsby_owner nologin;
create role firsby_clerk nologin;
create role firsby_lead nologin;
create role firsby_rest login noinherit;
grant firsby_clerk to firsby_lead;
grant firsby_clerk, firsby_lead to firsby_rest;
alter schema public owner to firsby_owner;
create schema figures authorization firsby_owner;
set role firsby_owner;

create function fund_no() returns bigint language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'fund')::bigint;

create table procedure_code (code text primary key, title text not null, points numeric not null);
create table reject_code (code text primary key, title text not null);
create table fund (no bigint primary key, title text not null);
create table insured (fund bigint not null references fund, member text not null, full_name text not null, primary key (fund, member));
create table claim (fund bigint not null, no bigint not null, member text not null, month date not null, state text not null, primary key (fund, no),
  foreign key (fund, member) references insured (fund, member) on delete cascade);
create table claim_item (fund bigint not null, claim_no bigint not null, pos int not null, code text not null references procedure_code, note text not null, primary key (fund, claim_no, pos),
  foreign key (fund, claim_no) references claim (fund, no) on delete cascade);
create table objection (fund bigint not null, claim_no bigint not null, reason text not null references reject_code, wording text not null, primary key (fund, claim_no, reason),
  foreign key (fund, claim_no) references claim (fund, no) on delete cascade);

insert into procedure_code values ('01', 'Visit', 10.5), ('02', 'Dressing', 4);
insert into reject_code values ('D', 'Twice');
insert into fund values (71, 'BKK Anker'), (72, 'BKK Boje bravo'), (73, 'BKK Kogge bravo');
insert into insured select no, 'M' || n, 'Member ' || n || ' of ' || title from fund, generate_series(1, 4) n;
insert into claim select fund, row_number() over (partition by fund order by member), member, '2026-01-01', 'paid: ' || full_name from insured;
insert into claim_item select fund, no, n, '0' || n, 'item, ' || state from claim, generate_series(1, 2) n;
insert into objection select fund, no, 'D', 'twice, ' || state from claim where no = 2;

-- policies do not work on these, so nobody but the owner reads them
create materialized view figures.month_total as
  select c.fund, c.month, f.title, count(distinct c.no) as claims, sum(p.points) as points, min(i.note) as sample
  from claim c join fund f on f.no = c.fund join claim_item i on (i.fund, i.claim_no) = (c.fund, c.no) join procedure_code p using (code)
  group by c.fund, c.month, f.title;
create unique index on figures.month_total (fund, month);
create materialized view figures.objection_rate as
  select c.fund, max(f.title) as title, round(100.0 * count(o.claim_no) / count(*), 1) as percent
  from claim c join fund f on f.no = c.fund left join objection o on (o.fund, o.claim_no) = (c.fund, c.no) group by c.fund;

create view month_figures with (security_barrier = true) as
  select month, title, claims, points, sample from figures.month_total where fund = fund_no();
-- fields are compared with all funds once there are five of them, rounded to tens
create function market_rate() returns numeric language sql stable security definer set search_path = public, pg_temp
begin atomic
  select round(avg(percent), -1) from figures.objection_rate having count(*) >= 5;
end;
create function refresh_figures() returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  refresh materialized view figures.month_total;
  refresh materialized view figures.objection_rate;
end $$;

alter table fund enable row level security;
create policy of_fund on fund for select to firsby_clerk using (no = fund_no());
alter table insured enable row level security;
create policy of_fund on insured to firsby_clerk using (fund = fund_no());
alter table claim enable row level security;
create policy of_fund on claim to firsby_clerk using (fund = fund_no());
alter table claim_item enable row level security;
create policy of_fund on claim_item to firsby_clerk using (fund = fund_no());
alter table objection enable row level security;
create policy of_fund on objection for select to firsby_clerk using (fund = fund_no());
create policy lead_objects on objection for insert to firsby_lead with check (fund = fund_no());
create policy lead_withdraws on objection for delete to firsby_lead using (fund = fund_no());

revoke execute on function refresh_figures, market_rate from public;
grant execute on function market_rate to firsby_lead;
grant usage on schema figures to firsby_clerk;
grant select on procedure_code, reject_code, fund, insured, claim, claim_item, objection, month_figures to firsby_clerk;
grant insert, update, delete on insured, claim, claim_item to firsby_clerk;
grant insert, delete on objection to firsby_lead;
reset role;
