create role cct_owner nologin;
create role cct_desk login;
alter schema public owner to cct_owner;
set role cct_owner;
create table chain (chain text primary key, billing_mail text not null);
create table package (chain text not null references chain, package text not null, mrp int not null, remark text not null, primary key (chain, package));
create table coupon (
  code text primary key, chain text not null, package text not null, percent int not null check (percent between 1 and 100),
  valid_till date not null, made_for text not null, foreign key (chain, package) references package);
create table booking (
  chain text not null, booking_no int not null, package text not null, customer text not null, code text, paid int not null,
  primary key (chain, booking_no), foreign key (chain, package) references package);
insert into chain values ('amrit', 'accounts@amrit.example'), ('bodhi', 'accounts@bravo.example');
insert into package values ('amrit', 'full body', 2499, '72 tests'), ('bodhi', 'heart', 3999, 'with TMT bravo');
insert into coupon values ('AMRIT10', 'amrit', 'full body', 10, '2026-12-31', 'walk-ins'), ('DIWALI40', 'bodhi', 'heart', 40, '2026-11-15', 'Infosys camp bravo');
insert into booking values ('amrit', 1, 'full body', 'Akash', 'AMRIT10', 2249), ('bodhi', 1, 'heart', 'Bela bravo', 'DIWALI40', 2399);
create function my_chain() returns text language sql stable as $$ select nullif(current_setting('desk.chain', true), '') $$;
create procedure add_coupon(p_code text, p_package text, p_percent int, p_till date, p_for text, inout p_status text default null)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.package k where k.chain = public.my_chain() and k.package = p_package) then
    p_status := 'no such package';
    return;
  end if;
  insert into public.coupon values (upper(p_code), public.my_chain(), p_package, p_percent, p_till, p_for) on conflict do nothing;
  p_status := case when found then 'added' else 'code in use' end;
end $$;
revoke execute on procedure add_coupon(text, text, int, date, text, text) from public;
grant execute on procedure add_coupon(text, text, int, date, text, text) to cct_desk;
alter table chain enable row level security;
alter table package enable row level security;
alter table coupon enable row level security;
alter table booking enable row level security;
create policy chain on chain for select using (chain = (select my_chain()));
create policy chain on package using (chain = (select my_chain()));
create policy chain on coupon using (chain = (select my_chain()));
create policy chain on booking using (chain = (select my_chain()));
grant select on chain to cct_desk;
grant select, insert, update on package, booking to cct_desk;
grant select, delete on coupon to cct_desk;
reset role;
