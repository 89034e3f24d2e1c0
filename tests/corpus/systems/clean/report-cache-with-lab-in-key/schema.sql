create role rcck_owner nologin;
create role rcck_app login;
create schema store authorization rcck_owner;
create schema api authorization rcck_owner;
set role rcck_owner;
create table store.test_sale (lab_id int not null, no int not null, patient text not null, amount numeric not null, on_day date not null, primary key (lab_id, no));
create table store.report_cache (lab_id int not null, report text not null, on_day date not null, content jsonb not null, primary key (lab_id, report, on_day));
insert into store.test_sale values (401, 1, 'Amit', 400, '2026-06-01'), (402, 1, 'Bipin bravo', 900, '2026-06-01');
insert into store.report_cache values (402, 'top_patients', '2026-06-01', '[{"patient": "Bipin bravo"}]');
create function api.report(report text, on_day date) returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare lab int := nullif(current_setting('rcck.lab', true), '')::int; answer jsonb;
begin
  if lab is null then raise exception 'no lab in this session'; end if;
  select c.content into answer from store.report_cache c where c.lab_id = lab and c.report = report.report and c.on_day = report.on_day;
  if answer is null then
    select coalesce(jsonb_agg(jsonb_build_object('patient', s.patient)), '[]') into answer from store.test_sale s where s.lab_id = lab and s.on_day = report.on_day;
    insert into store.report_cache values (lab, report.report, report.on_day, answer);
  end if;
  return answer;
end $$;
revoke execute on function api.report from public;
grant usage on schema api to rcck_app;
grant execute on function api.report to rcck_app;
reset role;
