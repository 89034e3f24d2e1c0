create role rcch_owner nologin;
create role rcch_app login;
create schema api_store authorization rcch_owner;
create schema api authorization rcch_owner;
set role rcch_owner;
create table api_store.test_sale (lab_id int not null, no int not null, patient text not null, amount numeric not null, on_day date not null, primary key (lab_id, no));
create table api_store.report_cache (report text not null, on_day date not null, content jsonb not null, primary key (report, on_day));
insert into api_store.test_sale values (301, 1, 'Amit', 400, '2026-06-01'), (302, 1, 'Bipin bravo', 900, '2026-06-01');
insert into api_store.report_cache values ('top_patients', '2026-06-01', '[{"patient": "Bipin bravo", "amount": 900}]');
create function api.report(report text, on_day date) returns jsonb language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare answer jsonb;
begin
  select c.content into answer from api_store.report_cache c where c.report = report.report and c.on_day = report.on_day;
  if answer is null then
    select coalesce(jsonb_agg(jsonb_build_object('patient', s.patient, 'amount', s.amount)), '[]') into answer
      from api_store.test_sale s where s.lab_id = nullif(current_setting('rcch.lab', true), '')::int and s.on_day = report.on_day;
    insert into api_store.report_cache values (report.report, report.on_day, answer);
  end if;
  return answer;
end $$;
revoke execute on function api.report from public;
grant usage on schema api to rcch_app;
grant execute on function api.report to rcch_app;
reset role;
