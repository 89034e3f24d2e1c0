create role ashlow_owner nologin;
create role ashlow_search nologin;
create role ashlow_pos login;
alter schema public owner to ashlow_owner;
create schema finder authorization ashlow_search;
set role ashlow_owner;

create function my_stores() returns text[] language sql stable
  return coalesce(nullif(current_setting('ashlow.stores', true), ''), '{}')::text[];

create table substance (atc text primary key, title text not null);
create table article (pzn text primary key, title text not null, atc text references substance);
create table store (code text primary key, title text not null);
create table customer (store text not null references store, no int not null, full_name text not null, birthday date, primary key (store, no));
create table erx (store text not null, token text not null, customer_no int not null, pzn text not null references article, issued_on date not null, redeemed_at timestamptz, primary key (store, token),
  foreign key (store, customer_no) references customer (store, no) on delete cascade);
create table dispensing (store text not null, token text not null, batch text not null, handed_by text not null, primary key (store, token, batch),
  foreign key (store, token) references erx (store, token) on delete cascade);
create table callback (store text not null, customer_no int not null, at timestamptz not null, wish text not null, primary key (store, customer_no, at),
  foreign key (store, customer_no) references customer (store, no) on delete cascade);
reset role;

-- neither policies nor grants: it is reached through its view alone
set role ashlow_search;
create table finder.entry (store text not null, kind text not null, ref text not null, words text not null, primary key (store, kind, ref));
create index on finder.entry (store, words text_pattern_ops);
grant usage on schema finder to ashlow_owner, ashlow_pos;
create function finder.keep_customer() returns trigger language plpgsql security definer set search_path = finder, pg_temp as $$
begin
  if tg_op in ('UPDATE', 'DELETE') then
    delete from entry where (store, kind, ref) = (old.store, 'customer', old.no::text);
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    insert into entry values (new.store, 'customer', new.no::text, lower(new.full_name)) on conflict (store, kind, ref) do update set words = excluded.words;
  end if;
  return null;
end $$;
revoke execute on function finder.keep_customer() from public;
grant execute on function finder.keep_customer() to ashlow_owner;
create view finder.hit with (security_barrier = true) as
  select store, kind, ref, words from finder.entry
  where store = any (coalesce(nullif(current_setting('ashlow.stores', true), ''), '{}')::text[]);
grant select on finder.hit to ashlow_pos;
create function finder.look_up(p_words text, p_limit int default 20) returns table (kind text, ref text, words text)
language sql stable security definer set search_path = finder, pg_temp
begin atomic
  select h.kind, h.ref, h.words from finder.hit h where starts_with(h.words, lower(p_words)) order by h.words limit least(p_limit, 50);
end;
reset role;

set role ashlow_owner;
insert into substance values ('C09AA05', 'Ramipril');
insert into article values ('00100', 'Ramipril 5 mg', 'C09AA05'), ('00200', 'Plaster', null);
insert into store values ('s1', 'Löwen'), ('s2', 'Hirsch bravo'), ('s3', 'Sonnen bravo');
create trigger found after insert or update or delete on customer for each row execute function finder.keep_customer();
insert into customer select code, n, 'Customer ' || n || ' of ' || title, '1950-05-05' from store, generate_series(1, 3) n;
insert into erx select store, 'T' || no, no, '00100', '2026-02-01', null from customer where store = 's1';
insert into erx select store, 'T' || no || ' bravo', no, '00100', '2026-02-01', null from customer where store <> 's1';
insert into dispensing select store, token, 'LOT ' || token, 'PTA' from erx;
insert into callback select store, no, '2026-02-02 10:00+00', 'call when in: ' || full_name from customer;

alter table store enable row level security;
create policy of_store on store for select using (code = any (my_stores()));
do $$
declare t text;
begin
  foreach t in array array['customer', 'erx', 'dispensing', 'callback'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_store on %I using (store = any (my_stores())) with check (store = any (my_stores()))', t);
  end loop;
end $$;
grant select on substance, article, store to ashlow_pos;
grant select, insert, update, delete on customer, erx, dispensing, callback to ashlow_pos;
reset role;
