create role phinj_owner nologin;
create role phinj_app login;
alter schema public owner to phinj_owner;
set role phinj_owner;
create table sale (shop text not null, bill_no int not null, buyer text not null, drug text not null, primary key (shop, bill_no));
insert into sale values ('S014', 1, 'Ahmed', 'metformin'), ('S015', 1, 'Bashir bravo', 'bravo lithium');
create function find_sale(word text) returns setof sale language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query execute 'select * from public.sale where shop = $1 and drug ilike ''%' || word || '%'' order by bill_no desc'
    using nullif(current_setting('phinj.shop', true), '');
end $$;
revoke execute on function find_sale from public;
grant execute on function find_sale to phinj_app;
reset role;
