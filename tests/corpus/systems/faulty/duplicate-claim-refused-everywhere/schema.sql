create role dce_owner nologin;
create role dce_app login;
alter schema public owner to dce_owner;
set role dce_owner;
create table claim (desk_id bigint not null, no int not null, bill_no text not null, patient text not null, primary key (desk_id, no));
insert into claim values (41, 1, 'BL-1', 'Asha'), (42, 1, 'BL-2', 'Bela bravo');
create function refuse_duplicate() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from public.claim c where upper(c.bill_no) = upper(new.bill_no)) then
    raise exception 'this bill has already been claimed';
  end if;
  return new;
end $$;
create trigger refuse_duplicate before insert on claim for each row execute function refuse_duplicate();
alter table claim enable row level security;
create policy desk on claim using (desk_id = (select nullif(current_setting('claims.desk', true), '')::bigint));
grant select, insert on claim to dce_app;
reset role;
