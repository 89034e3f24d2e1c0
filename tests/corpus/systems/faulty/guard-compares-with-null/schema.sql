create role gcwn_owner nologin;
create role gcwn_app login;
alter schema public owner to gcwn_owner;
set role gcwn_owner;
create table tooth (clinic_id int not null, patient_no int not null, tooth_no smallint not null, finding text not null, primary key (clinic_id, patient_no, tooth_no));
insert into tooth values (801, 1, 11, 'sound'), (802, 1, 11, 'bravo caries'), (802, 1, 12, 'bravo missing');
create function chart(clinic int, patient int) returns table (tooth_no smallint, finding text) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if clinic <> nullif(current_setting('gcwn.clinic', true), '')::int then
    raise exception 'not a chart of this clinic';
  end if;
  return query select t.tooth_no, t.finding from public.tooth t where t.clinic_id = clinic and t.patient_no = patient;
end $$;
revoke execute on function chart from public;
grant execute on function chart to gcwn_app;
alter table tooth enable row level security;
create policy clinic on tooth using (clinic_id = (select nullif(current_setting('gcwn.clinic', true), '')::int));
grant select, insert, update on tooth to gcwn_app;
reset role;
