create role k5rw_owner nologin;
create role k5rw_app login;
alter schema public owner to k5rw_owner;
set role k5rw_owner;
create table ward (unit text not null, code text not null, taken int not null default 0, remark text, primary key (unit, code));
create table bed (unit text not null, ward_code text not null, no int not null, patient text, primary key (unit, ward_code, no), foreign key (unit, ward_code) references ward);
insert into ward values ('ICU', 'W1', 0, null), ('HDU', 'W1', 0, 'bravo');
insert into bed values ('ICU', 'W1', 1, 'Olga'), ('ICU', 'W1', 2, null), ('HDU', 'W1', 1, 'Pavel bravo');
alter table ward enable row level security;
alter table bed enable row level security;
create policy unit on ward using (unit = (select current_setting('bed.unit', true)) or (select current_setting('bed.unit', true)) = '*');
create policy unit on bed using (unit = (select current_setting('bed.unit', true)) or (select current_setting('bed.unit', true)) = '*');
create function recount_beds() returns void language plpgsql as $$
begin
  perform set_config('bed.unit', '*', true);
  update ward w set taken = (select count(*) from bed b where b.unit = w.unit and b.ward_code = w.code and b.patient is not null);
end $$;
revoke execute on function recount_beds() from public;
grant execute on function recount_beds() to k5rw_app;
grant select, insert, update on ward, bed to k5rw_app;
reset role;
