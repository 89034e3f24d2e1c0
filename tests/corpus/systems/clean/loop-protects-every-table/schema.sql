create role lpet_owner nologin;
create role lpet_app login;
alter schema public owner to lpet_owner;
set role lpet_owner;
create table patient (branch_code text not null, no int not null, name text, primary key (branch_code, no));
insert into patient values ('B01', 1, 'Kamala'), ('B02', 1, 'Bela bravo');
create table visit (branch_code text not null, no int not null, patient_no int not null, reason text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into visit values ('B01', 1, 1, 'reason one'), ('B02', 1, 1, 'reason two bravo');
create table triage (branch_code text not null, no int not null, patient_no int not null, level text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into triage values ('B01', 1, 1, 'level one'), ('B02', 1, 1, 'level two bravo');
create table vitals (branch_code text not null, no int not null, patient_no int not null, reading text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into vitals values ('B01', 1, 1, 'reading one'), ('B02', 1, 1, 'reading two bravo');
create table order_set (branch_code text not null, no int not null, patient_no int not null, items text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into order_set values ('B01', 1, 1, 'items one'), ('B02', 1, 1, 'items two bravo');
create table mar (branch_code text not null, no int not null, patient_no int not null, drug text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into mar values ('B01', 1, 1, 'drug one'), ('B02', 1, 1, 'drug two bravo');
create table note (branch_code text not null, no int not null, patient_no int not null, text text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into note values ('B01', 1, 1, 'text one'), ('B02', 1, 1, 'text two bravo');
create table problem (branch_code text not null, no int not null, patient_no int not null, code text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into problem values ('B01', 1, 1, 'code one'), ('B02', 1, 1, 'code two bravo');
create table bill (branch_code text not null, no int not null, patient_no int not null, amount numeric, payer text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into bill values ('B01', 1, 1, 90, 'payer one'), ('B02', 1, 1, 91, 'payer two bravo');
create table deposit (branch_code text not null, no int not null, patient_no int not null, amount numeric, mode text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into deposit values ('B01', 1, 1, 100, 'mode one'), ('B02', 1, 1, 101, 'mode two bravo');
create table bed (branch_code text not null, no int not null, patient_no int not null, ward text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into bed values ('B01', 1, 1, 'ward one'), ('B02', 1, 1, 'ward two bravo');
create table diet_order (branch_code text not null, no int not null, patient_no int not null, diet text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into diet_order values ('B01', 1, 1, 'diet one'), ('B02', 1, 1, 'diet two bravo');
create table incident (branch_code text not null, no int not null, patient_no int not null, account text, primary key (branch_code, no), foreign key (branch_code, patient_no) references patient);
insert into incident values ('B01', 1, 1, 'account one'), ('B02', 1, 1, 'account two bravo');
create table icd (code text primary key, title text not null);
insert into icd values ('A90', 'dengue'), ('J18', 'pneumonia');
do $$
declare t regclass;
begin
  for t in select c.oid::regclass from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname not in ('icd') loop
    if not exists (select from pg_attribute a where a.attrelid = t and a.attname = 'branch_code') then
      raise exception 'no branch in %', t;
    end if;
    execute format('alter table %s enable row level security, force row level security', t);
    execute format($p$create policy branch on %s using (branch_code = (select nullif(current_setting('lpet.branch', true), '')))$p$, t);
    execute format('grant select, insert, update, delete on %s to lpet_app', t);
  end loop;
end $$;
grant select on icd to lpet_app;
reset role;
