create role hnd_owner nologin bypassrls;
create role hnd_app login;
alter schema public owner to hnd_owner;
set role hnd_owner;
create table stay (clinic text not null, no int not null, bed text not null, patient text not null, left_at date, primary key (clinic, no));
create table handover (clinic text not null, no int not null, bed text not null, note text not null, primary key (clinic, no));
insert into stay values ('c-tan', 1, 'B2', 'Janaki', null), ('c-mdu', 1, 'B2', 'Otto bravo', '2026-01-02'), ('c-mdu', 2, 'B7', 'Olga bravo', '2026-02-02');
insert into handover values ('c-tan', 1, 'B2', 'sleeps well'), ('c-mdu', 1, 'B7', 'bravo restless');
alter table stay enable row level security;
alter table handover enable row level security;
create policy clinic on stay using (clinic = (select current_setting('hnd.clinic', true)));
create policy clinic on handover using (clinic = (select current_setting('hnd.clinic', true)));
create view handover_today with (security_barrier) as
  select h.clinic, h.no, h.bed, h.note, s.patient as before
    from handover h left join stay s on s.bed = h.bed and s.left_at is not null
   where h.clinic = (select current_setting('hnd.clinic', true));
grant select on stay, handover, handover_today to hnd_app;
reset role;
