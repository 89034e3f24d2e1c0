create role mcb_owner nologin;
create role mcb_app login;
alter schema public owner to mcb_owner;
set role mcb_owner;
create table patient (hospital_id int not null, id bigint not null, name text not null, primary key (hospital_id, id));
create table episode (hospital_id int not null, no int not null, patient_id bigint not null, diagnosis text not null, primary key (hospital_id, no));
insert into patient values (1, 101, 'Asha'), (1, 102, 'Asha K'), (2, 201, 'Bela bravo');
insert into episode values (1, 1, 101, 'fracture'), (2, 5, 201, 'bravo: HIV');
create function merge_patients(keep bigint, remove bigint) returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine constant int := nullif(current_setting('app.hospital', true), '')::int;
  moved int;
begin
  if keep = remove or (select count(*) <> 2 from public.patient where id in (keep, remove) and hospital_id = mine) then
    raise exception 'no such patient';
  end if;
  update public.episode set patient_id = keep where patient_id = remove and hospital_id = mine;
  get diagnostics moved = row_count;
  delete from public.patient where id = remove and hospital_id = mine;
  return moved;
end $$;
revoke execute on function merge_patients(bigint, bigint) from public;
grant execute on function merge_patients(bigint, bigint) to mcb_app;
alter table patient enable row level security;
alter table episode enable row level security;
create policy hospital on patient for select using (hospital_id = (select nullif(current_setting('app.hospital', true), '')::int));
create policy hospital on episode for select using (hospital_id = (select nullif(current_setting('app.hospital', true), '')::int));
grant select on patient, episode to mcb_app;
reset role;
