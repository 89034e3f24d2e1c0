create role ild_owner nologin;
create role ild_app login;
create schema ins authorization ild_owner;
set role ild_owner;

create table ins.icd (code text primary key, title text not null);
create table ins.product (code text primary key, title text not null, ceiling numeric not null);
create table ins.refusal_reason (code text primary key, wording text not null);

create table ins.office (id bigint primary key, parent_id bigint references ins.office, name text not null);
-- every office with every office below it, itself included; lists of a region are one look-up
create table ins.office_line (
  above bigint not null references ins.office,
  below bigint not null references ins.office,
  steps int not null check (steps >= 0),
  title text,
  primary key (above, below)
);
create index on ins.office_line (below);
create table ins.adjuster (
  office_id bigint not null references ins.office,
  initials text not null,
  full_name text not null,
  primary key (office_id, initials)
);
create table ins.member (
  office_id bigint not null references ins.office,
  member_no int not null,
  full_name text not null,
  born date,
  primary key (office_id, member_no)
);
create table ins.cover (
  office_id bigint not null,
  member_no int not null,
  product text not null references ins.product,
  since date not null,
  remark text,
  primary key (office_id, member_no, product),
  foreign key (office_id, member_no) references ins.member (office_id, member_no) on delete cascade
);
create table ins.claim (
  office_id bigint not null,
  claim_no int not null,
  member_no int not null,
  icd text not null references ins.icd,
  story text not null,
  handled_by text,
  primary key (office_id, claim_no),
  foreign key (office_id, member_no) references ins.member (office_id, member_no),
  foreign key (office_id, handled_by) references ins.adjuster (office_id, initials)
);
create table ins.claim_item (
  office_id bigint not null,
  claim_no int not null,
  pos int not null,
  what text not null,
  amount numeric not null check (amount >= 0),
  refused text references ins.refusal_reason,
  primary key (office_id, claim_no, pos),
  foreign key (office_id, claim_no) references ins.claim (office_id, claim_no) on delete cascade
);
create table ins.payment (
  office_id bigint not null,
  claim_no int not null,
  paid_on date not null,
  iban text not null,
  amount numeric not null,
  primary key (office_id, claim_no, paid_on),
  foreign key (office_id, claim_no) references ins.claim (office_id, claim_no)
);
create table ins.letter (
  office_id bigint not null,
  claim_no int not null,
  no int not null,
  body text not null,
  primary key (office_id, claim_no, no),
  foreign key (office_id, claim_no) references ins.claim (office_id, claim_no) on delete cascade
);

create function ins.my_office() returns bigint language sql stable
  return nullif(current_setting('ins.office', true), '')::bigint;

insert into ins.icd values ('S82', 'Fracture of lower leg'), ('M54', 'Back pain');
insert into ins.product values ('DENT', 'Teeth', 2000), ('HOSP', 'Single room', 9000);
insert into ins.refusal_reason values ('LATE', 'Handed in too late'), ('NOTCOV', 'Not covered');
insert into ins.office values (100, null, 'Region North'), (200, null, 'Region Bay bravo'), (300, null, 'Region Hill bravo');
insert into ins.office values (210, 200, 'Harbour bravo'), (310, 300, 'Upper Hill bravo');
insert into ins.office_line
  with recursive line as (
    select id as above, id as below, 0 as steps, name from ins.office
    union all
    select l.above, o.id, l.steps + 1, l.name from line l join ins.office o on o.parent_id = l.below
  )
  select above, below, steps, 'line of ' || name from line;
insert into ins.adjuster select id, 'KM', 'Adjuster of ' || name from ins.office;
insert into ins.member select id, n, 'Member ' || n || ' of ' || name, '1970-05-01' from ins.office, generate_series(1, 3) n;
insert into ins.cover select office_id, member_no, 'HOSP', '2020-01-01', 'by broker, ' || full_name from ins.member;
insert into ins.claim select office_id, member_no + 40, member_no, 'S82', 'Fell off a ladder. ' || full_name, 'KM' from ins.member;
insert into ins.claim_item select office_id, claim_no, 1, 'Plaster. ' || story, 120 from ins.claim;
insert into ins.payment select office_id, claim_no, '2026-03-04', 'DE02 ' || story, 120 from ins.claim where member_no < 3;
insert into ins.letter select office_id, claim_no, 1, 'We have paid. ' || story from ins.claim;

alter table ins.office enable row level security;
alter table ins.office force row level security;
create policy reach on ins.office for select
  using (id in (select l.below from ins.office_line l where l.above = ins.my_office()));

alter table ins.office_line enable row level security;
alter table ins.office_line force row level security;
create policy seen on ins.office_line for select using (above = ins.my_office());
-- a region takes its teams under it and lets them go again; its own line stays
create policy drawn on ins.office_line for insert with check (above = ins.my_office() and steps > 0);
create policy undrawn on ins.office_line for delete using (above = ins.my_office() and steps > 0);

do $$
declare t text;
begin
  foreach t in array array['adjuster', 'member', 'cover', 'claim', 'claim_item', 'payment', 'letter'] loop
    execute format('alter table ins.%I enable row level security', t);
    execute format('alter table ins.%I force row level security', t);
    execute format($p$create policy reach on ins.%I for select
      using (office_id in (select l.below from ins.office_line l where l.above = ins.my_office()))$p$, t);
    execute format('create policy adds on ins.%I for insert with check (office_id = ins.my_office())', t);
    execute format('create policy changes on ins.%I for update using (office_id = ins.my_office())', t);
    execute format('create policy removes on ins.%I for delete using (office_id = ins.my_office())', t);
  end loop;
end $$;

create view ins.open_claim as
  select c.office_id, c.claim_no, m.full_name, c.story, sum(i.amount) as amount
    from ins.claim c
    join ins.member m on m.office_id = c.office_id and m.member_no = c.member_no
    join ins.claim_item i on i.office_id = c.office_id and i.claim_no = c.claim_no and i.refused is null
   where not exists (select from ins.payment p where p.office_id = c.office_id and p.claim_no = c.claim_no)
   group by c.office_id, c.claim_no, m.full_name, c.story;

grant usage on schema ins to ild_app;
grant select on all tables in schema ins to ild_app;
grant insert, delete on ins.office_line to ild_app;
grant insert, update, delete on ins.adjuster, ins.member, ins.cover, ins.claim, ins.claim_item, ins.letter to ild_app;
grant insert on ins.payment to ild_app;
reset role;
