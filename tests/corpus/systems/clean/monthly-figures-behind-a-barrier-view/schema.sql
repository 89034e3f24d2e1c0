create role zahlen_owner nologin;
create role zahlen_bi login;
alter schema public owner to zahlen_owner;
revoke create on schema public from public;
set role zahlen_owner;

create table service (code text primary key, title text not null, points int not null);
create table payer (ik int primary key, name text not null);
create table holding (holding_id bigint primary key, name text not null);
create table branch (branch_id bigint primary key, holding_id bigint not null references holding, title text not null);
create table physician (branch_id bigint not null references branch, lanr text not null, full_name text not null, primary key (branch_id, lanr));
create table patient (branch_id bigint not null references branch, no int not null, full_name text not null, payer int references payer, primary key (branch_id, no));
create table visit (branch_id bigint not null, id uuid not null default gen_random_uuid(), patient_no int not null, lanr text not null, day date not null, complaint text,
  primary key (branch_id, id),
  foreign key (branch_id, patient_no) references patient (branch_id, no) on delete cascade,
  foreign key (branch_id, lanr) references physician (branch_id, lanr));
create table billed_service (branch_id bigint not null, visit_id uuid not null, code text not null references service, times int not null default 1, reason text, primary key (branch_id, visit_id, code),
  foreign key (branch_id, visit_id) references visit (branch_id, id) on delete cascade);
create table budget (branch_id bigint not null references branch, month date not null, points int not null, remark text, primary key (branch_id, month));
create table refresh_log (at timestamptz primary key, seconds numeric not null);

-- The branches of the person who is signed in, as {51}. An empty list is nobody's.
create function my_branches() returns bigint[] language sql stable as $$
  select coalesce(nullif(current_setting('zahlen.branches', true), '')::bigint[], '{}')
$$;

-- all branches in one; a materialised view has no policies, so nobody is granted it
create materialized view monthly_figures as
  select v.branch_id, b.title as branch, v.lanr, p.full_name as physician, date_trunc('month', v.day)::date as month,
         count(distinct v.id) as visits, sum(s.points * l.times) as points, string_agg(distinct v.complaint, '; ') as complaints
    from visit v
    join branch b on b.branch_id = v.branch_id
    join physician p on p.branch_id = v.branch_id and p.lanr = v.lanr
    left join billed_service l on l.branch_id = v.branch_id and l.visit_id = v.id
    left join service s on s.code = l.code
   group by v.branch_id, b.title, v.lanr, p.full_name, date_trunc('month', v.day)
  with no data;
create unique index on monthly_figures (branch_id, lanr, month);

create view my_monthly_figures with (security_barrier) as
  select * from monthly_figures where branch_id = any (my_branches());
create view budget_use with (security_barrier) as
  select b.branch_id, b.month, b.points as allowed, coalesce(sum(m.points), 0) as used
    from budget b left join monthly_figures m on m.branch_id = b.branch_id and m.month = b.month
   where b.branch_id = any (my_branches())
   group by b.branch_id, b.month, b.points;

-- the button "figures of today"
create function refresh_figures() returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare
  began timestamptz := clock_timestamp();
begin
  refresh materialized view monthly_figures;
  insert into refresh_log values (clock_timestamp(), extract(epoch from clock_timestamp() - began));
end $$;
create function best_month(of_branch bigint) returns date language sql stable security definer set search_path = public, pg_temp as $$
  select month from monthly_figures where branch_id = of_branch and of_branch = any (my_branches()) order by points desc nulls last limit 1
$$;

insert into service values ('03000', 'Basic fee', 120), ('03230', 'Consultation', 128);
insert into payer values (101575519, 'TK'), (108310400, 'AOK');
insert into holding values (5, 'Praxis-Verbund'), (6, 'Bravo Health bravo'), (7, 'MVZ Gruppe bravo');
insert into branch select holding_id * 10 + 1, holding_id, 'Branch 1 of ' || name from holding;
insert into physician select branch_id, '99' || branch_id || '01', 'Dr. Jung, ' || title from branch;
insert into patient select branch_id, n, 'Patient ' || n || ', ' || title, 101575519 from branch, generate_series(1, 3) n;
insert into visit (branch_id, patient_no, lanr, day, complaint) select branch_id, no, '99' || branch_id || '01', '2026-02-01'::date + no, 'cough, ' || full_name from patient;
insert into billed_service select branch_id, id, '03000', 1, 'for ' || complaint from visit;
insert into budget select branch_id, '2026-02-01', 4000, 'agreed by ' || title from branch;
refresh materialized view monthly_figures;

do $$
declare t text;
begin
  foreach t in array array['branch', 'physician', 'patient', 'visit', 'billed_service', 'budget'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy mine on %I using (branch_id = any (my_branches()))', t);
  end loop;
end $$;
alter table holding enable row level security;
create policy mine on holding for select using (holding_id in (select b.holding_id from branch b));

grant select on service, payer, holding, branch, physician, patient, visit, billed_service, budget, my_monthly_figures, budget_use to zahlen_bi;
grant insert, update, delete on physician, patient, visit, billed_service, budget to zahlen_bi;
revoke execute on function refresh_figures(), best_month(bigint) from public;
grant execute on function refresh_figures(), best_month(bigint) to zahlen_bi;
reset role;
