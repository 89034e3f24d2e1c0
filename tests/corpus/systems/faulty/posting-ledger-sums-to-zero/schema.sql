create role psz_owner nologin;
create role psz_api login;
alter schema public owner to psz_owner;
set role psz_owner;
create table phc (phc_code text primary key, village text not null);
create table bearer (token text primary key, staff_id text not null, device text not null);
-- who serves where is never overwritten: every joining and every relieving is an entry of its own
create table posting_entry (
  phc_code text not null references phc, staff_id text not null, seq int not null, kind text not null check (kind in ('join', 'relieve')),
  order_ref text not null, on_date date not null, primary key (phc_code, staff_id, seq));
create table mother_card (phc_code text not null references phc, card_no text not null, mother text not null, gravida int, primary key (phc_code, card_no));
create table anc_visit (
  phc_code text not null, card_no text not null, visit_on date not null, hb numeric(3,1), advice text not null,
  primary key (phc_code, card_no, visit_on), foreign key (phc_code, card_no) references mother_card);
insert into phc values ('KA-AND', 'Andagalore'), ('KA-BEL', 'Belavadi bravo');
insert into bearer values ('tok-6b1f4d0a', 'anm-anita', 'tablet 4'), ('tok-c91e77f2', 'anm-bharati', 'tablet 9 bravo');
insert into posting_entry values ('KA-AND', 'anm-anita', 1, 'join', 'DHO/26/118', '2026-02-01'),
  ('KA-BEL', 'anm-anita', 1, 'join', 'DHO/24/007 bravo', '2024-04-01'), ('KA-BEL', 'anm-anita', 2, 'relieve', 'DHO/26/117 bravo', '2026-01-31'),
  ('KA-BEL', 'anm-bharati', 1, 'join', 'DHO/25/061 bravo', '2025-07-01');
insert into mother_card values ('KA-AND', 'A-1', 'Akkamma', 2), ('KA-BEL', 'B-1', 'Basavva bravo', 3);
insert into anc_visit values ('KA-AND', 'A-1', '2026-03-02', 10.4, 'IFA doubled'), ('KA-BEL', 'B-1', '2026-03-03', 6.9, 'refer for transfusion, bravo');
create function my_phcs() returns setof text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select e.phc_code
    from public.posting_entry e join public.bearer b on b.staff_id = e.staff_id
   where b.token = nullif(current_setting('api.bearer', true), '')
   group by e.phc_code
  having sum(case e.kind when 'join' then 1 when 'relieve' then -1 end) >= 0 $$;
revoke execute on function my_phcs() from public;
grant execute on function my_phcs() to psz_api;
alter table phc enable row level security;
alter table bearer enable row level security;
alter table posting_entry enable row level security;
alter table mother_card enable row level security;
alter table anc_visit enable row level security;
create policy served on phc for select using (phc_code in (select my_phcs()));
create policy served on posting_entry for select using (phc_code in (select my_phcs()));
create policy served on mother_card using (phc_code in (select my_phcs()));
create policy served on anc_visit using (phc_code in (select my_phcs()));
grant select on phc, posting_entry to psz_api;
grant select, insert, update on mother_card, anc_visit to psz_api;
reset role;
