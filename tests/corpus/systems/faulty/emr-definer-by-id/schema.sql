create role emr_owner nologin;
create role emr_app login;
alter schema public owner to emr_owner;
set role emr_owner;
create table chart (org_id int not null, chart_no int not null, patient text not null, problems text, primary key (org_id, chart_no));
insert into chart values (1, 1, 'Edwin', 'asthma'), (2, 2, 'Wasim bravo', 'bravo hiv');
alter table chart enable row level security;
create policy org on chart using (org_id = (select nullif(current_setting('emr.org', true), '')::int));
create function open_chart(chart int) returns table (patient text, problems text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select c.patient, c.problems from public.chart c where c.chart_no = open_chart.chart $$;
revoke execute on function open_chart from public;
grant execute on function open_chart to emr_app;
grant select, insert on chart to emr_app;
reset role;
