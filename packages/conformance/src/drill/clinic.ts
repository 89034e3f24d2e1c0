/** The tests' system: two branches, one fence per table, policies that the sentences below break one at a time. */
export const clinic = (app: string) => `
revoke create on schema public from public;
create table branch (id int primary key, name text not null);
create table patient (branch_id int not null references branch, id int not null, name text not null, primary key (branch_id, id));
create table visit (
  branch_id int not null, id int not null, patient_id int not null, note text not null,
  primary key (branch_id, id), foreign key (branch_id, patient_id) references patient on delete cascade
);
insert into branch values (1, 'Anna Nagar'), (2, 'Velachery');
insert into patient select b, i, 'patient ' || b || i from generate_series(1, 2) b, generate_series(1, 5) i;
insert into visit select b, i, i, 'note ' || b || i from generate_series(1, 2) b, generate_series(1, 5) i;
create function app_branch() returns int language sql stable as $$ select nullif(pg_catalog.current_setting('app.branch', true), '')::int $$;
alter table patient enable row level security, force row level security;
alter table visit enable row level security, force row level security;
create policy fence on patient as restrictive for all to public using (branch_id = (select public.app_branch()));
create policy staff on patient to public using (true);
create policy own on visit for all to public using (branch_id = (select public.app_branch()));
grant select, insert, update, delete on patient, visit to "${app}";
grant select on branch to "${app}";
`

export const target = {
  tenants: ["1", "2"].map((key) => ({ name: key, key, connect: { settings: { "app.branch": key } } })),
  tenantColumns: ["branch_id"],
  global: ["public.branch"],
}
