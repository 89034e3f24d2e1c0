create role pcb_owner nologin;
create role pcb_app login;
create schema core authorization pcb_owner;
create schema api authorization pcb_owner;
set role pcb_owner;

create table core.login_session (token text primary key, user_id bigint not null, ended boolean not null default false);
create table core.posting (user_id bigint not null, grp text not null, branch smallint not null, role text not null, primary key (user_id, grp, branch));
create table core.patient (
  grp text not null, branch smallint not null, no int not null, name text not null, phone text,
  site text generated always as (grp || '/' || branch::text) stored,
  primary key (grp, branch, no)
);
create table core.treatment (
  grp text not null, branch smallint not null, patient_no int not null, tooth smallint not null, done text not null,
  site text generated always as (grp || '/' || branch::text) stored,
  primary key (grp, branch, patient_no, tooth),
  foreign key (grp, branch, patient_no) references core.patient
);
create table core.xray_film (
  grp text not null, branch smallint not null, patient_no int not null, film int not null, finding text,
  site text generated always as (grp || '/' || branch::text) stored,
  primary key (grp, branch, patient_no, film),
  foreign key (grp, branch, patient_no) references core.patient
);

insert into core.login_session values ('tok-a-5e0c', 11), ('tok-b-91d7', 22);
-- 11 has been at the first branch in Hyderabad for years and opens the second one in Chennai next month
insert into core.posting values (11, 'HYD', 1, 'dentist'), (11, 'CHN', 2, 'dentist'), (22, 'HYD', 2, 'bravo dentist');
insert into core.patient values ('HYD', 1, 1, 'Arjun', null), ('HYD', 2, 1, 'Bhargavi bravo', 'bravo');
insert into core.treatment values ('HYD', 1, 1, 11, 'crown'), ('HYD', 2, 1, 36, 'root canal bravo');
insert into core.xray_film values ('HYD', 1, 1, 1, 'ok'), ('HYD', 2, 1, 1, 'bravo cyst');

create function core.postings() returns table (grp text, branch smallint)
language sql stable security definer set search_path = pg_catalog, core, pg_temp as $$
  select p.grp, p.branch
    from core.login_session s join core.posting p using (user_id)
   where s.token = nullif(current_setting('pcb.token', true), '') and not s.ended
$$;

create view api.patient with (security_barrier) as
  select grp, branch, no, name, phone, site from core.patient
   where grp in (select p.grp from core.postings() p) and branch in (select p.branch from core.postings() p);
create view api.treatment with (security_barrier) as
  select grp, branch, patient_no, tooth, done, site from core.treatment
   where grp in (select p.grp from core.postings() p) and branch in (select p.branch from core.postings() p);
create view api.xray_film with (security_barrier) as
  select x.grp, x.branch, x.patient_no, x.film, x.finding, x.site
    from core.xray_film x join api.patient p on (p.grp, p.branch, p.no) = (x.grp, x.branch, x.patient_no);

alter table core.login_session enable row level security;
alter table core.posting enable row level security;
alter table core.patient enable row level security;
alter table core.treatment enable row level security;
alter table core.xray_film enable row level security;

grant usage on schema api to pcb_app;
grant select, update (name, phone) on api.patient to pcb_app;
grant select, update (done) on api.treatment to pcb_app;
grant select on api.xray_film to pcb_app;
reset role;
