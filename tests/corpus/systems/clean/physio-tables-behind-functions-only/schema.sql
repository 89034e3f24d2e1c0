create role ptf_owner nologin;
create role ptf_app login;
create schema physio authorization ptf_owner;
create schema physio_api authorization ptf_owner;
set role ptf_owner;

create table physio.method (code text primary key, title text not null, minutes int not null);
create table physio.body_part (code text primary key, title text not null);
create table physio.practice (id bigint primary key, name text not null);
create table physio.desk (token_hash bytea primary key, practice_id bigint not null references physio.practice, device text not null, closed_at timestamptz);
create table physio.therapist (practice_id bigint not null references physio.practice, no int not null, full_name text not null, primary key (practice_id, no));
create table physio.patient (practice_id bigint not null references physio.practice, no int not null, full_name text not null, phone text, primary key (practice_id, no));
create table physio.prescription (
  practice_id bigint not null, no int not null, patient_no int not null, method text not null references physio.method, part text references physio.body_part, sessions int not null, wording text not null,
  primary key (practice_id, no),
  foreign key (practice_id, patient_no) references physio.patient (practice_id, no)
);
create table physio.booking (
  practice_id bigint not null, no int not null, prescription_no int not null, therapist_no int not null, day date not null, slot int not null, note text,
  primary key (practice_id, no),
  unique (practice_id, therapist_no, day, slot),
  foreign key (practice_id, prescription_no) references physio.prescription (practice_id, no),
  foreign key (practice_id, therapist_no) references physio.therapist (practice_id, no)
);
create table physio.finding (
  practice_id bigint not null, prescription_no int not null, no int not null, body text not null,
  primary key (practice_id, prescription_no, no),
  foreign key (practice_id, prescription_no) references physio.prescription (practice_id, no)
);
create table physio.call_log (practice_id bigint not null references physio.practice, at timestamptz not null default clock_timestamp(), called text not null);

insert into physio.method values ('KG', 'Physiotherapy', 20), ('MT', 'Manual therapy', 30);
insert into physio.body_part values ('LWS', 'Lumbar spine'), ('KNEE', 'Knee');
insert into physio.practice values (501, 'Ahorn'), (502, 'Birke bravo'), (503, 'Kiefer bravo');
insert into physio.desk select sha256(convert_to('ptf-' || md5('desk of ' || id), 'UTF8')), id, 'Tablet of ' || name, null from physio.practice;
-- a device that was lost; its token opens nothing
insert into physio.desk select sha256(convert_to('ptf-lost-' || id, 'UTF8')), id, 'Lost phone of ' || name, '2025-12-24' from physio.practice;
insert into physio.therapist select id, n, 'Therapist ' || n || ' of ' || name from physio.practice, generate_series(1, 2) n;
insert into physio.patient select id, n, 'Patient ' || n || ' of ' || name, '030 ' || name from physio.practice, generate_series(1, 3) n;
insert into physio.prescription select practice_id, no, no, 'KG', 'LWS', 6, 'Lumbago of ' || full_name from physio.patient;
insert into physio.booking select practice_id, no, no, 1, '2026-07-01', no, 'First visit, ' || wording from physio.prescription;
insert into physio.finding select practice_id, no, 1, 'Stiff. ' || wording from physio.prescription;
insert into physio.call_log select id, '2026-01-01', 'day_sheet, from ' || name from physio.practice;

create function physio_api.practice() returns bigint language plpgsql stable security definer set search_path = physio, pg_temp as $$
declare
  found_id bigint;
begin
  select practice_id into found_id from desk
   where token_hash = sha256(convert_to(current_setting('physio.token', true), 'UTF8')) and closed_at is null;
  if not found then
    raise exception 'sign in first' using errcode = 'invalid_authorization_specification';
  end if;
  return found_id;
end $$;

-- the order comes from the column the user clicked; names are checked against the list and quoted
create function physio_api.patients(order_by text default 'no', descending boolean default false) returns table (no int, full_name text, phone text)
  language plpgsql stable security definer set search_path = physio, pg_temp as $$
begin
  if order_by not in ('no', 'full_name', 'phone') then
    raise exception 'cannot order by that column' using errcode = 'invalid_parameter_value';
  end if;
  return query execute format(
    'select p.no, p.full_name, p.phone from patient p where p.practice_id = $1 order by p.%I %s', order_by, case when descending then 'desc' else 'asc' end)
    using physio_api.practice();
end $$;

create function physio_api.day_sheet(p_day date) returns table (slot int, therapist text, patient text, note text)
  language sql stable security definer set search_path = physio, pg_temp as $$
  select b.slot, t.full_name, p.full_name, b.note
    from booking b
    join therapist t on (t.practice_id, t.no) = (b.practice_id, b.therapist_no)
    join prescription r on (r.practice_id, r.no) = (b.practice_id, b.prescription_no)
    join patient p on (p.practice_id, p.no) = (r.practice_id, r.patient_no)
   where b.practice_id = physio_api.practice() and b.day = p_day
   order by b.slot, t.no
$$;

create function physio_api.chart(p_patient int) returns jsonb language sql stable security definer set search_path = physio, pg_temp as $$
  select jsonb_agg(jsonb_build_object('prescription', r.wording, 'findings',
           (select jsonb_agg(f.body order by f.no) from finding f where f.practice_id = r.practice_id and f.prescription_no = r.no)) order by r.no)
    from prescription r
   where r.practice_id = physio_api.practice() and r.patient_no = p_patient
$$;

create function physio_api.book(p_prescription int, p_therapist int, p_day date, p_slot int, p_note text default null) returns int
  language plpgsql security definer set search_path = physio, pg_temp as $$
declare
  mine bigint := physio_api.practice();
  next_no int;
begin
  perform 1 from practice where id = mine for update;
  if (select count(*) from booking where practice_id = mine and prescription_no = p_prescription)
     >= (select sessions from prescription where practice_id = mine and no = p_prescription) then
    raise exception 'all sessions of this prescription are booked' using errcode = 'check_violation';
  end if;
  select coalesce(max(no), 0) + 1 into next_no from booking where practice_id = mine;
  insert into booking (practice_id, no, prescription_no, therapist_no, day, slot, note)
    values (mine, next_no, p_prescription, p_therapist, p_day, p_slot, p_note);
  insert into call_log (practice_id, called) values (mine, 'book');
  return next_no;
end $$;

create function physio_api.cancel(p_booking int) returns void language plpgsql security definer set search_path = physio, pg_temp as $$
begin
  delete from booking where practice_id = physio_api.practice() and no = p_booking;
  if not found then
    raise exception 'no such booking' using errcode = 'no_data_found';
  end if;
end $$;

create function physio_api.note_finding(p_prescription int, p_body text) returns int language sql security definer set search_path = physio, pg_temp as $$
  insert into finding (practice_id, prescription_no, no, body)
    select mine.id, p_prescription, coalesce(max(f.no), 0) + 1, p_body
      from (select physio_api.practice() as id) mine
      left join finding f on f.practice_id = mine.id and f.prescription_no = p_prescription
     group by mine.id
  returning no
$$;

create function physio_api.methods() returns setof physio.method language sql stable security definer set search_path = physio, pg_temp as $$
  select * from method order by code
$$;

revoke execute on all functions in schema physio_api from public;
grant usage on schema physio_api to ptf_app;
grant execute on all functions in schema physio_api to ptf_app;
reset role;
