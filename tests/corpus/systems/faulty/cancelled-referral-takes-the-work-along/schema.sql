create role refhub_owner nologin;
create role refhub_house nologin;
create role refhub_router nologin;
create role refhub_ahorn nologin in role refhub_house;
create role refhub_birke nologin in role refhub_house;
create role refhub_cedar nologin in role refhub_house;
create role refhub_app login noinherit;
grant refhub_ahorn, refhub_birke, refhub_cedar to refhub_app;
alter schema public owner to refhub_owner;
set role refhub_owner;

create table specialty (code text primary key, title text not null);
create table urgency (level int primary key, title text not null);
create table house (code text primary key, name text not null);
create table clinician (house text not null references house, short text not null, full_name text not null, primary key (house, short));
create table patient (house text not null references house, no int not null, full_name text not null, primary key (house, no));
create table referral (
  house text not null,
  no int not null,
  patient_no int not null,
  specialty text not null references specialty,
  urgency int not null references urgency,
  question text not null,
  primary key (house, no),
  foreign key (house, patient_no) references patient (house, no)
);
create table referral_file (house text not null, referral_no int not null, name text not null, body text, primary key (house, referral_no, name),
  foreign key (house, referral_no) references referral (house, no) on delete cascade);
-- The router puts a work item into the house that took the referral.
create table work_item (
  house text not null references house,
  no int not null,
  from_house text not null,
  from_no int not null,
  assigned_to text,
  state text not null default 'new',
  remark text,
  primary key (house, no),
  foreign key (from_house, from_no) references referral (house, no) on delete cascade
);
create table finding (house text not null, work_no int not null, at timestamptz not null default now(), body text not null, primary key (house, work_no, at),
  foreign key (house, work_no) references work_item (house, no) on delete cascade);
create table slot (house text not null references house, starts_at timestamptz not null, label text not null, primary key (house, starts_at));
create table house_log (house text not null references house, at timestamptz not null default now(), line text not null);

create function my_house() returns text language sql stable return substr(current_user, length('refhub_') + 1);
create function log_work() returns trigger language plpgsql as $$
begin
  insert into house_log (house, line) values (new.house, 'work ' || new.no || ': ' || new.state || ', ' || coalesce(new.remark, ''));
  return new;
end $$;
create trigger log_work after update on work_item for each row execute function log_work();

insert into specialty values ('MRT', 'Magnetic resonance'), ('CAR', 'Cardiology');
insert into urgency values (1, 'routine'), (2, 'soon'), (3, 'today');
insert into house values ('ahorn', 'Praxis Ahorn'), ('birke', 'Radiologie Birke bravo'), ('cedar', 'Herzzentrum Cedar bravo');
insert into clinician select code, 'dr', 'Doctor of ' || name from house;
insert into patient select code, n, 'Patient ' || n || ' of ' || name from house, generate_series(1, 3) n;
insert into referral select house, no, no, case no when 1 then 'MRT' else 'CAR' end, 2, 'Please look at ' || full_name from patient;
insert into referral_file select house, no, 'letter.pdf', 'Letter, ' || question from referral;
insert into work_item values
  ('birke', 1, 'ahorn', 1, 'dr bravo', 'done', 'knee, left, bravo'),
  ('birke', 2, 'cedar', 1, 'dr bravo', 'new', 'skull, bravo'),
  ('cedar', 1, 'ahorn', 2, 'dr bravo', 'done', 'stress echo, bravo'),
  ('ahorn', 1, 'birke', 3, 'dr', 'new', 'long-term blood pressure');
insert into finding (house, work_no, body) select house, no, 'Finding: ' || remark from work_item where state = 'done';
insert into slot select code, '2026-03-03 08:00+01', 'free at ' || name from house;
insert into house_log (house, line) select code, 'opened ' || name from house;

do $$
declare t text;
begin
  foreach t in array array['clinician', 'patient', 'referral', 'referral_file', 'work_item', 'finding', 'slot', 'house_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy house on %I to refhub_house using (house = my_house())', t);
    execute format('create policy router on %I to refhub_router using (true)', t);
  end loop;
end $$;
alter table house enable row level security;
create policy own on house for select to refhub_house using (code = my_house());

grant select on all tables in schema public to refhub_house;
grant insert, update, delete on clinician, patient, referral_file, slot to refhub_house;
grant insert, delete, update (question, urgency) on referral to refhub_house;
grant update (assigned_to, state, remark) on work_item to refhub_house;
grant insert on finding, house_log to refhub_house;
grant select on referral to refhub_router;
grant select, insert on work_item to refhub_router;
reset role;
