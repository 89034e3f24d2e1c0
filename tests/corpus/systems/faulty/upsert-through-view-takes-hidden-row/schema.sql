create role utv_owner nologin;
create role utv_pos login;
alter schema public owner to utv_owner;
create schema dawakhana authorization utv_owner;
set role utv_owner;

create table molecule (code text primary key, label text not null, schedule_h boolean not null default false);
create table dawakhana.stock (
  store_id int not null, batch text not null, molecule text not null, qty int not null check (qty >= 0), kept_for text,
  primary key (store_id, batch)
);
create table dawakhana.issue (
  store_id int not null, batch text not null, no int not null, patient text not null, qty int not null,
  primary key (store_id, batch, no),
  foreign key (store_id, batch) references dawakhana.stock on update cascade
);
insert into molecule values ('PCM', 'Paracetamol', false), ('ALP', 'Alprazolam', true);
insert into dawakhana.stock values
  (14, 'PCM-2201', 'PCM', 400, null),
  (15, 'PCM-2201', 'PCM', 90, 'bravo ward'), (15, 'ALP-0907', 'ALP', 20, 'bravo: kept for Bimal');
insert into dawakhana.issue values (14, 'PCM-2201', 1, 'Anwar', 10), (15, 'PCM-2201', 1, 'Bimal bravo', 10);

create function my_store() returns int language sql stable as $$ select nullif(current_setting('utv.store', true), '')::int $$;

alter table dawakhana.stock enable row level security;
alter table dawakhana.issue enable row level security;

create view v_stock with (security_barrier) as
  select store_id, batch, molecule, qty, kept_for from dawakhana.stock where store_id = my_store()
  with cascaded check option;
create view v_issue with (security_barrier) as
  select store_id, batch, no, patient, qty from dawakhana.issue where store_id = my_store();

grant select on molecule to utv_pos;
grant select, insert, update on v_stock to utv_pos;   -- goods received: insert … on conflict do update
grant select on v_issue to utv_pos;
reset role;
