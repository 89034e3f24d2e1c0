create role ivf_owner nologin;
create role ivf_staff nologin;
create role ivf_app login noinherit;
grant ivf_staff to ivf_app;
create schema ivf authorization ivf_owner;
grant usage on schema ivf to ivf_staff;
set role ivf_owner;
create table ivf.couple (centre text not null, couple_no int not null, partner_a text not null, partner_b text, primary key (centre, couple_no));
create table ivf.cycle (centre text not null, couple_no int not null, cycle_no int not null, protocol text, started date, primary key (centre, couple_no, cycle_no),
  foreign key (centre, couple_no) references ivf.couple);
create table ivf.embryo (centre text not null, couple_no int not null, cycle_no int not null, straw text not null, grade text, note text,
  primary key (centre, straw), foreign key (centre, couple_no, cycle_no) references ivf.cycle);
insert into ivf.couple values ('c1', 1, 'Anu', 'Dev'), ('c2', 1, 'Tara bravo', 'Neel bravo');
insert into ivf.cycle values ('c1', 1, 1, 'antagonist', '2026-04-01'), ('c2', 1, 1, 'bravo long', '2026-04-01');
insert into ivf.embryo values ('c1', 1, 1, 'S1', '4AA', 'frozen'), ('c2', 1, 1, 'S1', '3BB', 'bravo thaw failed');
create function ivf.centre() returns text language sql stable as $$ select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'centre' $$;
alter table ivf.couple enable row level security;
alter table ivf.cycle enable row level security;
alter table ivf.embryo enable row level security;
create policy own_centre on ivf.couple to ivf_staff using (centre = ivf.centre());
create policy own_centre on ivf.cycle to ivf_staff using (centre = ivf.centre());
create policy own_centre on ivf.embryo to ivf_staff using (centre = ivf.centre());
create policy embryo_report on ivf.embryo for select using (true);
grant select, insert, update on ivf.couple, ivf.cycle, ivf.embryo to ivf_staff;
reset role;
