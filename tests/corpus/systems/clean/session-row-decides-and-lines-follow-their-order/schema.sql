create role tamsin_owner nologin;
create role tamsin_api login;
alter schema public owner to tamsin_owner;
create schema sess authorization tamsin_owner;
set role tamsin_owner;

create table region (code text primary key, title text not null);
create table aid_article (code text primary key, title text not null, deposit_cents int not null);
-- the public list of depots, for handovers
create table depot_code (code text primary key, region text not null references region);
create table depot (code text primary key references depot_code, title text not null);
create table sess.account (depot text not null references depot, login text not null, full_name text not null, locked boolean not null default false, primary key (depot, login));
create table sess.session (token uuid primary key, depot text not null, login text not null, device text not null, ends_at timestamptz not null, revoked_at timestamptz,
  foreign key (depot, login) references sess.account (depot, login));

-- a token that is unknown, old, revoked or of a locked account is nobody
create function whose() returns text language sql stable security definer set search_path = sess, pg_temp
begin atomic
  select s.depot from sess.session s join sess.account a using (depot, login)
   where s.token::text = current_setting('tamsin.token', true) and s.ends_at > now() and s.revoked_at is null and not a.locked;
end;

create table customer (depot text not null references depot, no int not null, full_name text not null, street text not null, primary key (depot, no));
create table rental (depot text not null, no int not null, customer_no int not null, remark text not null, closed_on date, primary key (depot, no),
  foreign key (depot, customer_no) references customer (depot, no) on delete cascade);
create table rental_line (rental_no int not null, pos int not null, depot text not null, article text not null references aid_article, serial text not null, primary key (depot, rental_no, pos),
  foreign key (depot, rental_no) references rental (depot, no) on delete cascade);
create table stock_on_hand (depot text not null references depot, article text not null references aid_article, pieces int not null check (pieces >= 0), shelf text not null, primary key (depot, article));
create table handover (depot text not null, to_depot text not null references depot_code, article text not null, pieces int not null check (pieces > 0), memo text not null, at timestamptz not null, arrived_at timestamptz, primary key (depot, to_depot, article, at),
  check (depot <> to_depot), foreign key (depot, article) references stock_on_hand (depot, article));

insert into region values ('n', 'North'), ('s', 'South');
insert into aid_article values ('WC1', 'Wheelchair', 5000), ('BED', 'Care bed', 9000);
insert into depot_code values ('hb', 'n'), ('lg', 'n'), ('ks', 's');
insert into depot values ('hb', 'Depot Hansa'), ('lg', 'Depot Lüne bravo'), ('ks', 'Depot Kassel bravo');
insert into sess.account select code, 'front', 'Front of ' || title from depot;
insert into sess.account select code, 'gone', 'Former front of ' || title, true from depot;
insert into sess.session select md5('front' || code)::uuid, code, 'front', 'tablet of ' || title, '2099-01-01' from depot;
insert into sess.session select md5('gone' || code)::uuid, code, 'gone', 'old tablet of ' || title, '2099-01-01' from depot;
insert into customer select code, n, 'Customer ' || n || ' of ' || title, 'Street ' || n from depot, generate_series(1, 3) n;
insert into rental select depot, no, no, 'by stairs, ' || full_name from customer;
insert into rental_line select no, 1, depot, 'WC1', 'SN of ' || remark from rental;
insert into stock_on_hand select d.code, a.code, 4, 'bay ' || d.title from depot d, aid_article a;
insert into handover values ('hb', 'lg', 'BED', 1, 'with the morning truck', '2026-01-04 08:00+00', null), ('lg', 'ks', 'WC1', 2, 'bravo lends two', '2026-01-04 09:00+00', null), ('ks', 'lg', 'WC1', 2, 'bravo gives two back', '2026-01-06 09:00+00', null);

-- phones that are a version behind send lines with a depot of their own idea, or none
create function follow_rental() returns trigger language plpgsql as $$
begin
  select r.depot into new.depot from rental r where r.no = new.rental_no and r.depot = whose();
  return new;
end $$;
create trigger followed before insert or update on rental_line for each row execute function follow_rental();

create function push_lines(p_lines jsonb) returns int language plpgsql as $$
declare n int;
begin
  insert into rental_line (rental_no, pos, depot, article, serial)
    select l.rental_no, l.pos, l.depot, l.article, l.serial from jsonb_to_recordset(p_lines) l (rental_no int, pos int, depot text, article text, serial text)
    on conflict (depot, rental_no, pos) do update set serial = excluded.serial;
  get diagnostics n = row_count;
  return n;
end $$;
-- the receiver books in what was sent to it, once; the sender's row is touched in passing
create function receive(p_from text, p_article text, p_at timestamptz) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare n int;
begin
  update handover set arrived_at = now() where depot = p_from and to_depot = whose() and article = p_article and at = p_at and arrived_at is null returning pieces into n;
  if n is null then raise exception 'nothing of that kind is on its way to you'; end if;
  insert into stock_on_hand values (whose(), p_article, n, 'not yet put away') on conflict (depot, article) do update set pieces = stock_on_hand.pieces + excluded.pieces;
  return n;
end $$;

alter table depot enable row level security;
create policy of_session on depot for select using (code = (select whose()));
do $$
declare t text;
begin
  foreach t in array array['customer', 'rental', 'rental_line', 'stock_on_hand', 'handover'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_session on %I using (depot = (select whose())) with check (depot = (select whose()))', t);
  end loop;
end $$;
create policy on_its_way on handover for select using (to_depot = (select whose()) and arrived_at is null);

grant select on all tables in schema public to tamsin_api;
grant insert, update, delete on customer, rental, rental_line, stock_on_hand to tamsin_api;
grant insert (depot, to_depot, article, pieces, memo, at), delete on handover to tamsin_api;
reset role;
