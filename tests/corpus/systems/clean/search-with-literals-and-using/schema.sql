create role sfqu_owner nologin;
create role sfqu_app login;
create schema store authorization sfqu_owner;
create schema api authorization sfqu_owner;
set role sfqu_owner;
create table store.sale (shop text not null, bill_no text not null, buyer text not null, drug text not null, primary key (shop, bill_no));
insert into store.sale values ('S021', 'B1', 'Ahmed', 'metformin'), ('S022', 'B1', 'Bashir bravo', 'bravo lithium');
create function api.find_sale(word text, sort text default 'bill_no') returns table (bill_no text, buyer text, drug text) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if sort not in ('bill_no', 'buyer', 'drug') then raise exception 'there is no such order'; end if;
  return query execute format('select bill_no, buyer, drug from store.sale where shop = $1 and drug ilike $2 order by %I', sort)
    using nullif(current_setting('sfqu.shop', true), ''), '%' || word || '%';
end $$;
revoke execute on function api.find_sale from public;
grant usage on schema api to sfqu_app;
grant execute on function api.find_sale to sfqu_app;
reset role;
