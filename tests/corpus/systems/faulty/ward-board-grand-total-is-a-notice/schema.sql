create role wbg_owner nologin;
create role wbg_web login noinherit;
create role wbg_apex nologin;
create role wbg_beas nologin;
grant wbg_apex, wbg_beas to wbg_web;
alter schema public owner to wbg_owner;
set role wbg_owner;
create table ward (hospital text not null default current_user, ward text not null, beds int not null, sister text not null, primary key (hospital, ward));
create table admission (
  hospital text not null default current_user, ward text not null, bed int not null, patient text not null, since date not null, fit boolean not null default false,
  primary key (hospital, ward, bed), foreign key (hospital, ward) references ward);
create table admission_note (
  hospital text not null default current_user, ward text not null, bed int not null, seq int not null, note text not null,
  primary key (hospital, ward, bed, seq), foreign key (hospital, ward, bed) references admission on delete cascade);
-- what hangs in the corridor: lines of the ward, and notices of the head office, which have no hospital
create table board_line (
  hospital text, ward text, kind text not null, occupied int, leaving_today text, said text);
create index on board_line (hospital, ward);
insert into ward values ('wbg_apex', 'Female medical', 12, 'Sr. Asha'), ('wbg_beas', 'Male surgical', 10, 'Sr. Balwinder bravo');
insert into board_line (kind, said) values ('notice', 'Hand hygiene week from Monday');
create function redraw_board() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- lines that did not change stay, so that the screens do not flicker
  with fresh as (
    select a.hospital, a.ward, 'count' as kind, count(*)::int as occupied,
           string_agg(a.patient, ', ' order by a.bed) filter (where a.fit) as leaving_today
      from public.admission a
     group by rollup (a.hospital, a.ward)
  ), wiped as (
    delete from public.board_line b
     where b.kind = 'count'
       and not exists (select from fresh f where (f.hospital, f.ward, f.occupied, f.leaving_today) is not distinct from (b.hospital, b.ward, b.occupied, b.leaving_today))
  )
  insert into public.board_line (hospital, ward, kind, occupied, leaving_today)
  select * from fresh except select b.hospital, b.ward, b.kind, b.occupied, b.leaving_today from public.board_line b;
  return null;
end $$;
create trigger redraw_board after insert or update or delete on admission for each statement execute function redraw_board();
insert into admission values ('wbg_apex', 'Female medical', 1, 'Amarjit', '2026-06-02', false), ('wbg_beas', 'Male surgical', 3, 'Balbir bravo', '2026-06-01', true);
insert into admission_note values ('wbg_apex', 'Female medical', 1, 1, 'on oxygen'), ('wbg_beas', 'Male surgical', 3, 1, 'drain removed bravo');
revoke execute on function redraw_board() from public;
alter table ward enable row level security;
alter table admission enable row level security;
alter table admission_note enable row level security;
alter table board_line enable row level security;
create policy house on ward using (hospital = current_user);
create policy house on admission using (hospital = current_user);
create policy house on admission_note using (hospital = current_user);
create policy house_and_notices on board_line for select using (hospital = current_user or hospital is null);
grant select on ward, board_line to wbg_apex, wbg_beas;
grant select, insert, update, delete on admission to wbg_apex, wbg_beas;
grant select, insert on admission_note to wbg_apex, wbg_beas;
reset role;
