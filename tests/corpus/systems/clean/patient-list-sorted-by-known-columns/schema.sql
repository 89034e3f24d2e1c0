create role plk_owner nologin;
create role plk_app login;
alter schema public owner to plk_owner;
set role plk_owner;
create table branch (branch_id int primary key, title text not null);
create table patient (
  branch_id int not null references branch, uhid text not null, full_name text not null, mobile text not null,
  registered_on date not null default current_date, primary key (branch_id, uhid));
create table visit (
  branch_id int not null, uhid text not null, visit_no int not null, complaint text not null, seen_by text not null,
  primary key (branch_id, uhid, visit_no), foreign key (branch_id, uhid) references patient);
create table receipt (
  branch_id int not null, receipt_no int not null, uhid text not null, paise bigint not null, mode text not null,
  primary key (branch_id, receipt_no), foreign key (branch_id, uhid) references patient);
insert into branch values (10, 'Adyar'), (20, 'Besant Nagar bravo');
insert into patient values (10, 'AD-001', 'Arulmozhi', '98400 10001', '2026-01-05'), (10, 'AD-002', 'Ashwin', '98400 10002', '2026-02-07'),
  (20, 'BN-001', 'Bhuvana bravo', '98400 20001', '2026-01-09'), (20, 'BN-002', 'Balu bravo', '98400 20002', '2026-03-01');
insert into visit values (10, 'AD-001', 1, 'Knee pain', 'Dr. Selvi'), (20, 'BN-001', 1, 'Psoriasis, bravo', 'Dr. Bose bravo');
insert into receipt values (10, 1, 'AD-001', 50000, 'UPI'), (20, 1, 'BN-001', 70000, 'cash bravo');
create function my_branch() returns int language sql stable as $$ select nullif(current_setting('opd.branch_id', true), '')::int $$;
-- the grid sends the column it is sorted by; definer, because the balance is read from receipts that the desk may not list
create function list_patients(p_search text default '', p_sort text default 'full_name', p_limit int default 50)
returns table (uhid text, full_name text, mobile text, paid bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  direction text := case when p_sort like '-%' then 'desc' else 'asc' end;
  sorted_by text := case ltrim(p_sort, '-') when 'uhid' then 'uhid' when 'mobile' then 'mobile' when 'registered' then 'registered_on' else 'full_name' end;
begin
  return query execute format(
    'select p.uhid, p.full_name, p.mobile, (select coalesce(sum(r.paise), 0)::bigint from public.receipt r
                                             where r.branch_id = p.branch_id and r.uhid = p.uhid)
       from public.patient p
      where p.branch_id = public.my_branch() and p.full_name ilike %L
      order by p.%I %s limit %s', p_search || '%', sorted_by, direction, greatest(p_limit, 0));
end $$;
revoke execute on function list_patients(text, text, int) from public;
grant execute on function list_patients(text, text, int) to plk_app;
alter table branch enable row level security;
alter table patient enable row level security;
alter table visit enable row level security;
alter table receipt enable row level security;
create policy here on branch for select using (branch_id = (select my_branch()));
create policy here on patient using (branch_id = (select my_branch()));
create policy here on visit using (branch_id = (select my_branch()));
create policy here on receipt using (branch_id = (select my_branch()));
grant select on branch to plk_app;
grant select, insert, update on patient, visit to plk_app;
grant insert on receipt to plk_app;
reset role;
