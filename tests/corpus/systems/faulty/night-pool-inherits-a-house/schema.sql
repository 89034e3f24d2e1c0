create role hospiz_owner nologin;
create role hospiz_app login noinherit;
create role hospiz_staff nologin;
create role hospiz_h_anna nologin;
create role hospiz_h_bene nologin;
create role hospiz_h_clara nologin;
create role hospiz_night_pool nologin;
grant hospiz_staff to hospiz_h_anna, hospiz_h_bene, hospiz_h_clara;
grant hospiz_h_anna, hospiz_h_bene, hospiz_h_clara to hospiz_app;
alter schema public owner to hospiz_owner;
set role hospiz_owner;

create table drug (atc text primary key, title text not null, controlled boolean not null);
create table symptom (code text primary key, title text not null);
create table house (code text primary key, name text not null, db_role name not null unique);
create table worker (house text not null references house, no bigint not null, name text not null, profession text not null, primary key (house, no));
create table volunteer (house text not null references house, no bigint not null, name text not null, remark text, primary key (house, no));
create table guest (house text not null references house, no bigint not null, name text not null, room text not null, admitted_on date not null, primary key (house, no));
create table confidant (house text not null, guest_no bigint not null, name text not null, phone text, primary key (house, guest_no, name),
  foreign key (house, guest_no) references guest (house, no) on delete cascade);
create table symptom_score (house text not null, guest_no bigint not null, code text not null references symptom, at timestamptz not null, score int not null check (score between 0 and 10), remark text,
  primary key (house, guest_no, code, at), foreign key (house, guest_no) references guest (house, no) on delete cascade);
create table drug_order (house text not null, guest_no bigint not null, no bigint not null, atc text not null references drug, dose text not null, primary key (house, guest_no, no),
  foreign key (house, guest_no) references guest (house, no) on delete cascade);
create table night_report (house text not null references house, night date not null, worker_no bigint not null, body text not null, primary key (house, night),
  foreign key (house, worker_no) references worker (house, no));
create table narcotics_book (house text not null references house, page bigint not null, line int not null, atc text not null references drug, entry text not null, primary key (house, page, line));

insert into drug values ('N02AA01', 'Morphine', true), ('N05CD08', 'Midazolam', false);
insert into symptom values ('PAIN', 'Pain'), ('DYSP', 'Breathlessness');
insert into house values ('anna', 'Hospiz Anna', 'hospiz_h_anna'), ('bene', 'Hospiz Benedikt bravo', 'hospiz_h_bene'), ('clara', 'Hospiz Clara bravo', 'hospiz_h_clara');
insert into worker select code, n, 'Worker ' || n || ' of ' || name, 'nurse' from house, generate_series(1, 2) n;
insert into volunteer select code, n, 'Volunteer ' || n || ' of ' || name, 'Thursdays' from house, generate_series(1, 2) n;
insert into guest select code, n, 'Guest ' || n || ' of ' || name, 'R' || n, date '2026-02-01' + n from house, generate_series(1, 3) n;
insert into confidant select house, no, 'Son of ' || name, '0160' from guest;
insert into symptom_score select house, no, 'PAIN', '2026-02-10 08:00+00', 4, 'better after turning, ' || name from guest;
insert into drug_order select house, no, 1, 'N02AA01', '10 mg s.c. for ' || name from guest;
insert into night_report select code, '2026-02-10', 1, 'Quiet night. ' || name from house;
insert into narcotics_book select code, 12, n, 'N02AA01', '1 ampoule, ' || name from house, generate_series(1, 2) n;

-- each house has a role of its own; a row is seen by the role of its house
do $$
declare t text; h record;
begin
  foreach t in array array['worker', 'guest', 'confidant', 'symptom_score', 'drug_order', 'night_report'] loop
    execute format('alter table %I enable row level security', t);
    for h in select code, db_role from house loop
      execute format('create policy %I on %I to %I using (house = %L)', h.code, t, h.db_role, h.code);
    end loop;
  end loop;
end $$;
create function house_of_role() returns text language sql stable as $$ select code from house where db_role = current_user $$;
alter table house enable row level security;
create policy own on house for select using (db_role = current_user);
alter table volunteer enable row level security;
create policy own on volunteer using (house = house_of_role());
alter table narcotics_book enable row level security;
create policy reads on narcotics_book for select using (house = house_of_role());
create policy writes on narcotics_book for insert with check (house = house_of_role());

create view guest_board with (security_invoker = true) as
  select g.room, g.name, c.name as confidant, c.phone from guest g left join confidant c on c.house = g.house and c.guest_no = g.no;

grant select on drug, symptom, house, worker, volunteer, guest, confidant, symptom_score, drug_order, night_report, narcotics_book, guest_board to hospiz_staff;
grant insert, update, delete on worker, volunteer, guest, confidant, symptom_score, drug_order, night_report to hospiz_staff;
grant insert on narcotics_book to hospiz_staff;
reset role;

-- nights at Benedikt were covered from the pool in the winter, and Anna lent its nurses to the pool
grant hospiz_h_bene to hospiz_night_pool;
grant hospiz_night_pool to hospiz_h_anna;
