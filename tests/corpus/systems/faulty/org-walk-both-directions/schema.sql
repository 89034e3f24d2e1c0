create role orgw_owner nologin;
create role orgw_app login;
alter schema public owner to orgw_owner;
set role orgw_owner;
create table org (id int primary key, parent_id int references org, name text not null);
create table refraction (org_id int not null, no int not null, patient text not null, right_eye text, primary key (org_id, no));
insert into org values (1, null, 'base hospital'), (21, 1, 'centre Dindigul'), (22, 1, 'centre Theni');
insert into refraction values (21, 1, 'Amudha', '-1.0'), (22, 1, 'Babu bravo', '-2.5 bravo');
create function orgs_below(top int) returns setof int language sql stable as $$
  with recursive walk (id, parent_id) as (
    select id, parent_id from org where id = top
    union
    select o.id, o.parent_id from org o join walk w on o.parent_id = w.id or o.id = w.parent_id)
  select id from walk $$;
alter table refraction enable row level security, force row level security;
create policy below on refraction using (org_id in (select orgs_below(nullif(current_setting('orgw.org', true), '')::int)));
grant select on org to orgw_app;
grant select, insert, update, delete on refraction to orgw_app;
reset role;
