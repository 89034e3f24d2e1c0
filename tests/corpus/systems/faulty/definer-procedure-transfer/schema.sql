create role proc_owner nologin;
create role proc_app login;
alter schema public owner to proc_owner;
set role proc_owner;
create table admission (hospital int not null, no int not null, patient text not null, bed text, primary key (hospital, no));
insert into admission values (1, 1, 'Anju', 'A1'), (2, 2, 'Ben bravo', 'bravo B1');
alter table admission enable row level security;
create policy h on admission using (hospital = (select nullif(current_setting('p.hospital', true), '')::int));
create procedure transfer_bed(admission_no int, to_bed text, inout patient text default null) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.admission a set bed = to_bed where a.no = admission_no returning a.patient into transfer_bed.patient;
end $$;
grant select on admission to proc_app;
reset role;
