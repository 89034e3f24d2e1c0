create role kpar_owner nologin;
create role kpar_app login;
alter schema public owner to kpar_owner;
set role kpar_owner;
create table visit (clinic_id int not null, visit_no bigint not null, seen_on date not null, patient text not null, complaint text, primary key (clinic_id, visit_no));
create index on visit (clinic_id, seen_on, visit_no);
insert into visit values
  (310, 11, '2026-03-02', 'Asha', 'fever'), (310, 12, '2026-03-02', 'Arun', 'sprain'), (310, 13, '2026-03-05', 'Anil', 'review'),
  (320, 21, '2026-03-02', 'Bela bravo', 'bravo rash'), (320, 22, '2026-03-04', 'Biju bravo', 'bravo cough');
create function here() returns int language sql stable set search_path = pg_catalog, pg_temp as $$ select nullif(current_setting('kpar.clinic', true), '')::int $$;
alter table visit enable row level security;
create policy clinic on visit using (clinic_id = (select here()));
create function visits_page(before_day date, before_no bigint, page int default 20)
  returns table (visit_no bigint, seen_on date, patient text, complaint text)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select v.visit_no, v.seen_on, v.patient, v.complaint from public.visit v
  where v.clinic_id = public.here() and v.seen_on < before_day
    or v.seen_on = before_day and v.visit_no < before_no
  order by v.seen_on desc, v.visit_no desc limit least(page, 100)
$$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to kpar_app;
grant select, insert on visit to kpar_app;
reset role;
