create role stmp_owner nologin;
create role stmp_app login;
alter schema public owner to stmp_owner;
set role stmp_owner;
create table session_log (centre text not null, machine text not null, at timestamptz not null, patient text not null, litres numeric, primary key (centre, machine, at));
create table water_test (centre text not null, on_day date not null, reading text not null, primary key (centre, on_day));
insert into session_log values ('DC-01', 'M1', '2026-05-01 06:00+05:30', 'Kannan', 2.1), ('DC-02', 'M1', '2026-05-01 06:00+05:30', 'Bharat bravo', 3.0);
insert into water_test values ('DC-01', '2026-05-01', 'ok'), ('DC-02', '2026-05-01', 'bravo chlorine');
create function stamp_centre() returns trigger language plpgsql as $$
begin
  new.centre := coalesce(new.centre, nullif(current_setting('stmp.centre', true), ''));
  return new;
end $$;
create trigger stamp before insert on session_log for each row execute function stamp_centre();
create trigger stamp before insert on water_test for each row execute function stamp_centre();
alter table session_log enable row level security, force row level security;
alter table water_test enable row level security, force row level security;
create policy mine on session_log using (centre = (select nullif(current_setting('stmp.centre', true), ''))) with check (true);
create policy mine on water_test using (centre = (select nullif(current_setting('stmp.centre', true), '')));
grant select, insert on session_log, water_test to stmp_app;
reset role;
