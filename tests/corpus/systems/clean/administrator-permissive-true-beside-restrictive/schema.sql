create role tparest_owner nologin;
create role tparest_clerk nologin;
create role tparest_lead nologin;
create role tparest_app login;
grant tparest_clerk, tparest_lead to tparest_app;
alter schema public owner to tparest_owner;
set role tparest_owner;

create table benefit (code text primary key, title text not null);
create table tariff (code text primary key, title text not null, factor numeric not null);
create table insurer (id int primary key, name text not null);
create table broker (insurer int not null references insurer, no int not null, name text not null, primary key (insurer, no));
create table policy_holder (insurer int not null references insurer, no int not null, name text not null, tariff text not null references tariff, iban text, primary key (insurer, no));
create table dependant (insurer int not null, holder_no int not null, no int not null, name text not null, primary key (insurer, holder_no, no),
  foreign key (insurer, holder_no) references policy_holder (insurer, no) on delete cascade);
create table claim (insurer int not null, no int not null, holder_no int not null, benefit text not null references benefit, amount numeric(12, 2) not null,
  state text not null default 'open' check (state in ('open', 'decided', 'reopened')), reason text not null, primary key (insurer, no),
  foreign key (insurer, holder_no) references policy_holder (insurer, no));
create table decision (insurer int not null, claim_no int not null, decided_on date not null, wording text not null, primary key (insurer, claim_no, decided_on),
  foreign key (insurer, claim_no) references claim (insurer, no) on delete cascade);
create table premium_run (insurer int not null references insurer, month date not null, remark text not null, primary key (insurer, month));
create table moved_household (insurer int not null, holder_no int not null, moved_on date not null, old_address text not null, new_address text not null, primary key (insurer, holder_no, moved_on),
  foreign key (insurer, holder_no) references policy_holder (insurer, no) on delete cascade);

-- a clerk may work for several insurers: adm.insurers = '{1,4}'
create function my_insurers() returns int[] language sql stable
  return coalesce(nullif(current_setting('adm.insurers', true), '')::int[], '{}');

insert into benefit values ('HOS', 'Hospital stay'), ('DEN', 'Dentures');
insert into tariff values ('B', 'Basic', 1), ('P', 'Plus', 1.4);
insert into insurer values (1, 'Arcadia'), (2, 'Bastion bravo'), (3, 'Corona bravo');
insert into broker select id, 1, 'Broker of ' || name from insurer;
insert into policy_holder select id, n, 'Holder ' || n || ' of ' || name, 'B', 'DE00' from insurer, generate_series(1, 3) n;
insert into dependant select insurer, no, 1, 'Child of ' || name from policy_holder;
insert into claim select insurer, no, no, 'HOS', 300 + no, 'open', 'broken leg, ' || name from policy_holder;
insert into decision select insurer, no, '2026-02-01', 'granted: ' || reason from claim where no = 1;
insert into premium_run select id, '2026-02-01', 'two late, ' || name from insurer;
insert into moved_household select insurer, no, '2026-01-01', 'Old Street, ' || name, 'New Street, ' || name from policy_holder where no = 2;

-- the fence: restrictive on every table, whatever the others say
do $$
declare t text;
begin
  foreach t in array array['broker', 'policy_holder', 'dependant', 'claim', 'decision', 'premium_run', 'moved_household'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy fence on %I as restrictive using (insurer = any (my_insurers())) with check (insurer = any (my_insurers()))', t);
  end loop;
end $$;
alter table insurer enable row level security, force row level security;
create policy fence on insurer as restrictive using (id = any (my_insurers()));
create policy look on insurer for select using (true);

-- the work: who does what, without a word about insurers
create policy look on broker for select using (true);
create policy look on policy_holder for select using (true);
create policy work on policy_holder for all to tparest_clerk using (true) with check (true);
create policy look on dependant for select using (true);
create policy work on dependant for all to tparest_clerk using (true) with check (true);
create policy look on claim for select using (true);
create policy enter on claim for insert to tparest_clerk with check (state = 'open');
create policy work on claim for update to tparest_clerk using (state <> 'decided') with check (true);
create policy reopen on claim for update to tparest_lead using (state = 'decided') with check (state = 'reopened');
create policy work on decision for all to tparest_lead using (true);
create policy look on premium_run for select using (true);
create policy work on moved_household for all to tparest_clerk using (true);

-- owner's view: the owner is held by the same policies
create view open_claim as
  select c.insurer, c.no, c.amount, c.reason, h.name, h.iban
  from claim c join policy_holder h on h.insurer = c.insurer and h.no = c.holder_no where c.state <> 'decided';

create function reopen(nos int[], because text) returns int language plpgsql as $$
declare done int;
begin
  update claim set state = 'reopened', reason = reason || '; ' || because where no = any (nos) and state = 'decided';
  get diagnostics done = row_count;
  return done;
end $$;

grant select on all tables in schema public to tparest_app;
grant insert, update, delete on policy_holder, dependant, decision, moved_household to tparest_app;
grant insert, update on claim to tparest_app;
reset role;
