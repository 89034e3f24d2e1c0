create role whterms_owner nologin;
create role whterms_shop nologin;
create role whterms_adler nologin;
create role whterms_baeren nologin;
create role whterms_citrus nologin;
grant whterms_shop to whterms_adler, whterms_baeren, whterms_citrus;
create role whterms_web login noinherit;
grant whterms_adler, whterms_baeren, whterms_citrus to whterms_web;
alter schema public owner to whterms_owner;
set role whterms_owner;

create table article (pzn text primary key, title text not null, list_cents int not null, cold_chain boolean not null default false);
create table depot (code text primary key, town text not null);
create table pharmacy (login text primary key, name text not null, depot text not null references depot);
-- terms a field representative agreed with one pharmacy
create table agreed_terms (
  pharmacy text not null references pharmacy, pzn text not null references article, cents int not null,
  remark text not null, agreed_on date not null, primary key (pharmacy, pzn, agreed_on)
);
create table purchase (pharmacy text not null references pharmacy, no int not null, ordered_at timestamptz not null default now(), note text not null, primary key (pharmacy, no));
create table purchase_line (
  pharmacy text not null, purchase_no int not null, line int not null, pzn text not null references article, qty int not null check (qty > 0),
  cents int, terms text, primary key (pharmacy, purchase_no, line),
  foreign key (pharmacy, purchase_no) references purchase (pharmacy, no) on delete cascade
);
create table consignment (pharmacy text not null references pharmacy, pzn text not null references article, lot text not null, qty int not null, remark text not null, primary key (pharmacy, pzn, lot));
create table return_slip (
  pharmacy text not null references pharmacy, no int not null, pzn text not null references article, qty int not null, reason text not null,
  cents int, terms text, primary key (pharmacy, no)
);
create table shortage_note (pharmacy text not null references pharmacy, pzn text not null references article, said text not null, primary key (pharmacy, pzn));

insert into article values ('00177', 'Insulin glargine', 5990, true), ('02345', 'Amoxicillin 1000', 480, false), ('07712', 'Ibuprofen 600', 210, false);
insert into depot values ('KS', 'Kassel'), ('ER', 'Erfurt');
insert into pharmacy values ('whterms_adler', 'Adler', 'KS'), ('whterms_baeren', 'Bären bravo', 'KS'), ('whterms_citrus', 'Citrus bravo', 'ER');
insert into agreed_terms select login, '00177', 5500, 'two per cent more from March, ' || name, '2025-10-01' from pharmacy;
insert into agreed_terms select login, '02345', 400, 'only by the hundred, ' || name, date '2025-10-01' + length(name) from pharmacy;
insert into agreed_terms select login, '07712', 150, 'price of the co-operative, ' || name, '2026-01-07' from pharmacy where login <> 'whterms_adler';
insert into purchase (pharmacy, no, note) select login, n, 'to the back door, ' || name from pharmacy, generate_series(1, 2) n;
insert into purchase_line select p.pharmacy, p.no, 1, '02345', 5, 400, 'agreed; ' || p.note from purchase p;
insert into consignment select login, '00177', 'L7', 3, 'fridge of ' || name from pharmacy;
insert into return_slip select login, 1, '02345', 1, 'broken at ' || name, 400, 'agreed; ' || name from pharmacy;
insert into shortage_note select login, '02345', 'none for children, ' || name from pharmacy;

alter table pharmacy enable row level security;
create policy mine on pharmacy for select using (login = current_user);
do $$
declare t text;
begin
  foreach t in array array['agreed_terms', 'purchase', 'purchase_line', 'consignment', 'return_slip', 'shortage_note'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy mine on %I using (pharmacy = current_user)', t);
  end loop;
end $$;

-- the terms are resolved with the owner's rights: not every till may read agreed_terms
create function terms_of_return() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  select t.cents, t.remark into new.cents, new.terms
    from agreed_terms t where t.pharmacy = new.pharmacy and t.pzn = new.pzn order by t.agreed_on desc limit 1;
  return new;
end $$;
create trigger terms before insert on return_slip for each row execute function terms_of_return();

-- since release 4.2 purchase lines too
create function terms_of_line() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if new.cents is null then
    select t.cents, t.remark into new.cents, new.terms
      from agreed_terms t where t.pzn = new.pzn order by t.agreed_on desc limit 1;
  end if;
  if new.cents is null then
    select a.list_cents, 'list price' into new.cents, new.terms from article a where a.pzn = new.pzn;
  end if;
  return new;
end $$;
create trigger terms before insert on purchase_line for each row execute function terms_of_line();

grant select on article, depot, pharmacy, purchase, purchase_line, consignment, return_slip, shortage_note to whterms_shop;
grant insert, update, delete on purchase, purchase_line, consignment, return_slip, shortage_note to whterms_shop;
reset role;
