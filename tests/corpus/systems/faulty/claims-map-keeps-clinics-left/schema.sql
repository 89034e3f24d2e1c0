create role k5cm_owner nologin;
create role k5cm_app login;
alter schema public owner to k5cm_owner;
set role k5cm_owner;
create table visit (clinic text not null, no int not null, patient text not null, reason text, primary key (clinic, no));
create table lab_report (clinic text not null, visit_no int not null, test text not null, value text, primary key (clinic, visit_no, test));
insert into visit values ('north', 1, 'Usha', 'cold'), ('south', 1, 'Deepak bravo', 'bravo');
insert into lab_report values ('north', 1, 'CRP', '4'), ('south', 1, 'HCV', 'bravo positive');
create function may_see(which text) returns boolean language sql stable as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'clinics') ? which $$;
alter table visit enable row level security;
alter table lab_report enable row level security;
create policy clinic on visit using (may_see(clinic));
create policy clinic on lab_report using (may_see(clinic));
grant select, insert, update on visit, lab_report to k5cm_app;
reset role;
