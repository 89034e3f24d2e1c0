create role oriel_owner nologin;
create role oriel_web login;
alter schema public owner to oriel_owner;
set role oriel_owner;

create table clinic_type (code text primary key, title text not null);
create table permission_set (code text primary key, title text not null, may_invite boolean not null);
create table clinic (id bigint primary key, title text not null, kind text not null references clinic_type);
create table person (id bigint primary key, email text not null unique, full_name text not null);
create table membership (clinic_id bigint not null references clinic, person_id bigint not null references person, permission text not null references permission_set, badge text not null default 'new', primary key (clinic_id, person_id));
create table invitation (clinic_id bigint not null references clinic, code text not null, email text not null, permission text not null references permission_set,
  letter text not null, expires_at timestamptz not null, accepted_at timestamptz, primary key (clinic_id, code));
create table patient (clinic_id bigint not null references clinic, no int not null, full_name text not null, phone text, primary key (clinic_id, no));
create table therapy (clinic_id bigint not null, patient_no int not null, started_on date not null, goal text not null, primary key (clinic_id, patient_no, started_on),
  foreign key (clinic_id, patient_no) references patient (clinic_id, no) on delete cascade);
create table session_note (clinic_id bigint not null, patient_no int not null, started_on date not null, pos int not null, body text not null, primary key (clinic_id, patient_no, started_on, pos),
  foreign key (clinic_id, patient_no, started_on) references therapy (clinic_id, patient_no, started_on) on delete cascade);

create function me() returns bigint language sql stable return nullif(current_setting('oriel.person', true), '')::bigint;
create function my_clinics() returns setof bigint language sql stable security definer set search_path = public, pg_temp
begin atomic
  select clinic_id from membership where person_id = me();
end;
create function may_invite_at(p_clinic bigint) returns boolean language sql stable security definer set search_path = public, pg_temp
begin atomic
  select exists (select from membership m join permission_set s on s.code = m.permission where m.clinic_id = p_clinic and m.person_id = me() and s.may_invite);
end;

insert into clinic_type values ('psy', 'Psychotherapy'), ('log', 'Speech therapy');
insert into permission_set values ('head', 'Head', true), ('therapist', 'Therapist', false), ('desk', 'Front desk', false);
insert into clinic values (1, 'Praxis Ahorn', 'psy'), (2, 'Praxis Buche bravo', 'psy'), (3, 'Praxis Eiche bravo', 'log');
insert into person select id * 10, 'head' || id || '@example.org', 'Head of ' || title from clinic;
insert into person select id * 10 + 1, 'new' || id || '@example.org', 'Newcomer of ' || title from clinic;
insert into membership select id / 10, id, 'head', full_name from person where id % 10 = 0;
insert into invitation select id, 'welcome-' || id, 'new' || id || '@example.org', 'desk', 'Come to ' || title, '2099-01-01' from clinic;
-- the head of Ahorn is asked to sit at the desk of the same house as well
insert into invitation values (1, 'ahorn-desk', 'head1@example.org', 'desk', 'Please help out at Ahorn', '2099-01-01');
insert into patient select id, n, 'Patient ' || n || ' of ' || title, '030' from clinic, generate_series(1, 3) n;
insert into therapy select clinic_id, no, '2026-01-10', 'to sleep through, ' || full_name from patient;
insert into session_note select clinic_id, patient_no, started_on, 1, 'first talk: ' || goal from therapy;

-- the letter says where to; the page sends the clinic of its address along
create function accept_invitation(p_code text, p_clinic bigint) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare inv invitation;
begin
  select i.* into inv from invitation i join person p on p.email = i.email
   where i.code = p_code and p.id = me() and i.accepted_at is null and i.expires_at > now() for update of i;
  if inv.code is null then raise exception 'this invitation is not valid (any more)'; end if;
  update invitation set accepted_at = now() where clinic_id = inv.clinic_id and code = inv.code;
  insert into membership (clinic_id, person_id, permission) values (p_clinic, me(), inv.permission)
    on conflict (clinic_id, person_id) do nothing;
  return inv.permission;
end $$;
create function leave_clinic(p_clinic bigint) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from membership where clinic_id = p_clinic and person_id = me();
end $$;

alter table clinic enable row level security;
create policy member on clinic for select using (id in (select my_clinics()));
alter table person enable row level security;
create policy oneself on person for select using (id = me());
alter table membership enable row level security;
create policy member on membership for select using (clinic_id in (select my_clinics()));
alter table invitation enable row level security;
create policy inviter on invitation for select using (may_invite_at(clinic_id));
create policy inviter_adds on invitation for insert with check (may_invite_at(clinic_id));
create policy inviter_drops on invitation for delete using (may_invite_at(clinic_id));
alter table patient enable row level security;
create policy member on patient using (clinic_id in (select my_clinics()));
alter table therapy enable row level security;
create policy member on therapy using (clinic_id in (select my_clinics()));
alter table session_note enable row level security;
create policy member on session_note using (clinic_id in (select my_clinics()));

revoke execute on function my_clinics, may_invite_at, accept_invitation, leave_clinic from public;
grant execute on function my_clinics, may_invite_at, accept_invitation, leave_clinic to oriel_web;
grant select on clinic_type, permission_set, clinic, person, membership, invitation, patient, therapy, session_note to oriel_web;
grant insert, delete on invitation to oriel_web;
grant insert, update, delete on patient, therapy, session_note to oriel_web;
reset role;
