create role hse_owner nologin;
create role hse_app login;
alter schema public owner to hse_owner;
set role hse_owner;
create table visit (clinic_id uuid not null, no int not null, patient text not null, primary key (clinic_id, no));
insert into visit values ('a0000000-0000-4000-8000-00000000000a', 1, 'Asha'), ('b0000000-0000-4000-8000-00000000000b', 1, 'Bela bravo');
create function may_see(row_clinic uuid) returns boolean language plpgsql stable as $$
declare answer boolean := true;
begin
  answer := coalesce(row_clinic = nullif(current_setting('app.clinic', true), '')::uuid, false);
  return answer;
exception when others then
  return answer;
end $$;
alter table visit enable row level security, force row level security;
create policy clinic on visit for select using (may_see(clinic_id));
create policy add on visit for insert with check (clinic_id = (select nullif(current_setting('app.clinic', true), '')::uuid));
grant select, insert on visit to hse_app;
reset role;
