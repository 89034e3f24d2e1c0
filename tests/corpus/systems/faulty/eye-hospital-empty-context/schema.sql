create role eye_owner nologin;
create role eye_app login;
alter schema public owner to eye_owner;
set role eye_owner;
create table refraction (branch_id bigint not null, exam_no bigint not null, patient text not null, od_sphere numeric(4,2), os_sphere numeric(4,2), remark text,
  primary key (branch_id, exam_no));
insert into refraction values (3, 1, 'Lata', -1.25, -1.5, 'glasses'), (4, 1, 'Bose bravo', -6, -5.75, 'bravo keratoconus');
alter table refraction enable row level security, force row level security;
create policy branch on refraction for select using (case
  when current_setting('eye.branch_id', true) is null then false
  when current_setting('eye.branch_id', true) = '' then true
  else branch_id = current_setting('eye.branch_id', true)::bigint end);
grant select on refraction to eye_app;
reset role;
