create role implcons_owner nologin;
create role implcons_ward nologin;
create role implcons_gull nologin;
create role implcons_heron nologin;
create role implcons_ibis nologin;
create role implcons_app login noinherit;
grant implcons_ward to implcons_gull, implcons_heron, implcons_ibis;
grant implcons_gull, implcons_heron, implcons_ibis to implcons_app;
alter schema public owner to implcons_owner;
set role implcons_owner;

create table maker (code text primary key, name text not null);
create table article (ref text primary key, maker text not null references maker, title text not null);
create table house (name text primary key, address text not null);
create table theatre (house text not null references house, room text not null, phone text not null, primary key (house, room));
create table surgeon (house text not null references house, no int not null, name text not null, primary key (house, no));
create table patient (house text not null references house, no int not null, name text not null, primary key (house, no));
-- goods of the makers that lie in a house until they are used; loaded by the makers' delivery files
create table consigned_item (
  serial text primary key, house text not null references house, article text not null references article,
  shelf text not null, best_before date not null, unique (house, serial)
);
create table inventory_count (house text not null, serial text not null, counted_on date not null, remark text not null, primary key (house, serial, counted_on),
  foreign key (house, serial) references consigned_item (house, serial));
create table operation (
  house text not null, no int not null, patient_no int not null, surgeon_no int not null, room text not null, cut_at timestamptz not null, note text not null,
  primary key (house, no), foreign key (house, patient_no) references patient (house, no),
  foreign key (house, surgeon_no) references surgeon (house, no), foreign key (house, room) references theatre (house, room)
);
create table implanted (
  house text not null, operation_no int not null, serial text not null references consigned_item, side text not null, remark text not null,
  primary key (house, operation_no, serial), foreign key (house, operation_no) references operation (house, no) on delete cascade
);
create table invoice_to_maker (house text not null, serial text not null, no int not null, purpose text not null, primary key (house, no),
  foreign key (house, serial) references consigned_item (house, serial));

insert into maker values ('ZB', 'Zimmer'), ('ST', 'Stryker');
insert into article values ('00-5842', 'ZB', 'Knee tibial plate'), ('6260-9', 'ST', 'Hip head 36');
insert into house values ('implcons_gull', 'Gull'), ('implcons_heron', 'Heron bravo'), ('implcons_ibis', 'Ibis bravo');
insert into theatre select name, 'OR' || n, '1' || n || ' at ' || address from house, generate_series(1, 2) n;
insert into surgeon select name, 1, 'Dr. Sander of ' || address from house;
insert into patient select name, n, 'Patient ' || n || ' of ' || address from house, generate_series(1, 3) n;
insert into consigned_item select upper(substr(name, 10, 1)) || '77-' || n, name, '6260-9', 'shelf ' || n || ' of ' || address, '2029-01-01' from house, generate_series(1, 4) n;
insert into inventory_count select house, serial, '2026-01-31', 'seen on ' || shelf from consigned_item;
insert into operation select house, no, no, 1, 'OR1', '2026-02-03 07:30+00', 'hip, ' || name from patient;
insert into implanted select o.house, o.no, c.serial, 'left', 'cemented; ' || o.note from operation o join consigned_item c on c.house = o.house and right(c.serial, 1) = o.no::text where o.no < 3;
insert into invoice_to_maker select house, serial, row_number() over (partition by house order by serial), 'used, ' || remark from implanted;

alter table house enable row level security, force row level security;
create policy own on house for select using (name = current_user);
do $$
declare t text;
begin
  foreach t in array array['theatre', 'surgeon', 'patient', 'consigned_item', 'inventory_count', 'operation', 'implanted', 'invoice_to_maker'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy own on %I using (house = current_user)', t);
  end loop;
end $$;

-- invoker's rights: the shelf list of whoever asks
create function on_shelf(ref text) returns table (serial text, shelf text) language sql stable as $$
  select c.serial, c.shelf from consigned_item c
  where c.article = ref and not exists (select from implanted i where i.house = c.house and i.serial = c.serial)
  order by c.best_before
$$;

grant select on all tables in schema public to implcons_ward;
grant insert, update, delete on theatre, surgeon, patient, inventory_count, operation, implanted, invoice_to_maker to implcons_ward;
reset role;
