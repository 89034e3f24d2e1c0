create role hua_owner nologin;
create role hua_app login;
alter schema public owner to hua_owner;
set role hua_owner;

create table relation_kind (code text primary key, label text not null);
create table person (
  branch_id int not null, no int not null, name text not null, abha_address text,
  primary key (branch_id, no),
  constraint person_abha_once unique (abha_address) deferrable initially deferred
);
create table guardian (
  branch_id int not null, person_no int not null, relation text not null, name text not null,
  primary key (branch_id, person_no, relation),
  foreign key (branch_id, person_no) references person
);
create table immunisation (
  branch_id int not null, person_no int not null, vaccine text not null, dose smallint not null, given_on date, remark text,
  primary key (branch_id, person_no, vaccine, dose),
  foreign key (branch_id, person_no) references person
);
insert into relation_kind values ('M', 'mother'), ('F', 'father');
insert into person values (1, 1, 'Anu', 'anu@abdm'), (2, 1, 'Bela bravo', 'bela.bravo@abdm'), (2, 2, 'Babu bravo', 'babu.bravo@abdm');
insert into guardian values (1, 1, 'M', 'Asha'), (2, 1, 'M', 'Binu bravo');
insert into immunisation values (1, 1, 'OPV', 1, '2026-01-04', null), (2, 1, 'OPV', 1, '2026-02-04', 'bravo camp');

create function branches() returns int[] language sql stable as
  $$ select coalesce(nullif(current_setting('hua.branches', true), '')::int[], '{}') $$;
alter table person enable row level security, force row level security;
alter table guardian enable row level security, force row level security;
alter table immunisation enable row level security, force row level security;
create policy of_my_branches on person using (branch_id = any ((select branches())::int[]));
create policy of_my_branches on guardian using (branch_id = any ((select branches())::int[]));
create policy of_my_branches on immunisation using (branch_id = any ((select branches())::int[]));
grant select on relation_kind to hua_app;
grant select, insert, update, delete on person, guardian, immunisation to hua_app;
reset role;
