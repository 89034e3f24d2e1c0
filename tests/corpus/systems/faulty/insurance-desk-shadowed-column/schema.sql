create role desk_owner nologin;
create role claims_app login;
alter schema public owner to desk_owner;
set role desk_owner;
create table staff (desk_id int not null, user_id int not null, display text, primary key (desk_id, user_id));
create table claim (desk_id int not null, claim_no int not null, insured text not null, diagnosis_code text, amount numeric(12,2), primary key (desk_id, claim_no));
insert into staff values (1, 900, 'Mala'), (2, 901, 'Ken bravo');
insert into claim values (1, 1, 'Rekha', 'K35', 45000), (2, 1, 'Omar bravo', 'C50', 910000);
alter table staff enable row level security;
alter table claim enable row level security;
create policy me on staff for select using (user_id = (select nullif(current_setting('app.user_id', true), '')::int));
create policy my_desk on claim for select using (exists (
  select 1 from staff s where s.user_id = nullif(current_setting('app.user_id', true), '')::int and s.desk_id = desk_id));
grant select on staff, claim to claims_app;
reset role;
