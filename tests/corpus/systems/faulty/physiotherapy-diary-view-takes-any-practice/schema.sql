create role ptdv_owner nologin;
create role ptdv_pool login noinherit;
create role ptdv_hafen nologin;
create role ptdv_berg nologin;
create role ptdv_insel nologin;
grant ptdv_hafen, ptdv_berg, ptdv_insel to ptdv_pool;
revoke create on schema public from public;
alter schema public owner to ptdv_owner;
set role ptdv_owner;

create table practice (id int primary key, name text not null, db_role name not null unique);
create table therapy (code text primary key, label text not null, minutes int not null);
create table holiday (day date primary key, label text not null);
create table therapist (practice_id int not null references practice, therapist_no int not null, name text not null, primary key (practice_id, therapist_no));
create table patient (practice_id int not null references practice, patient_no int not null, name text not null, diagnosis text, primary key (practice_id, patient_no));
create table prescription (practice_id int not null, patient_no int not null, rx_no int not null, therapy text not null references therapy, units int not null, doctor text not null, primary key (practice_id, patient_no, rx_no), foreign key (practice_id, patient_no) references patient);
create table appointment (
  practice_id int not null,
  appointment_no int not null,
  patient_no int not null,
  therapist_no int not null,
  starts timestamp not null,
  state text not null default 'booked' check (state in ('booked', 'done', 'missed', 'cancelled')),
  note text,
  internal_note text,
  primary key (practice_id, appointment_no),
  foreign key (practice_id, patient_no) references patient,
  foreign key (practice_id, therapist_no) references therapist
);
create table exercise_plan (practice_id int not null, patient_no int not null, plan_no int not null, body text not null, primary key (practice_id, patient_no, plan_no), foreign key (practice_id, patient_no) references patient);
create table invoice (practice_id int not null, invoice_no int not null, patient_no int not null, amount numeric(8,2) not null, subject text not null, primary key (practice_id, invoice_no), foreign key (practice_id, patient_no) references patient);

insert into practice values (1, 'Hafen', 'ptdv_hafen'), (2, 'Berg bravo', 'ptdv_berg'), (3, 'Insel bravo', 'ptdv_insel');
insert into therapy values ('KG', 'Physiotherapy', 20), ('MT', 'Manual therapy', 25), ('MLD', 'Lymph drainage', 45);
insert into holiday values ('2026-12-25', 'Christmas'), ('2027-01-01', 'New Year');
insert into therapist values (1, 1, 'Uwe'), (1, 2, 'Kai'), (2, 1, 'Sina bravo'), (3, 1, 'Bea bravo');
insert into patient values (1, 1, 'Anton', 'LWS'), (1, 2, 'Berta', 'HWS'), (2, 1, 'Carl bravo', 'bravo knee'), (3, 1, 'Dora bravo', 'bravo hip');
insert into prescription values (1, 1, 1, 'KG', 6, 'Dr. Fink'), (2, 1, 1, 'MT', 10, 'Dr. bravo'), (3, 1, 1, 'MLD', 6, 'Dr. bravo');
insert into appointment values (1, 1, 1, 1, '2026-05-04 09:00', 'booked', 'bring towel', null), (2, 1, 1, 1, '2026-05-04 09:00', 'booked', 'bravo ring twice', 'bravo owes'), (3, 1, 1, 1, '2026-05-05 10:00', 'done', 'bravo', 'bravo');
insert into exercise_plan values (1, 1, 1, 'bridge 3x12'), (2, 1, 1, 'bravo squat'), (3, 1, 1, 'bravo abduction');
insert into invoice values (1, 1, 1, 34.50, 'April'), (2, 1, 1, 99.00, 'bravo April'), (3, 1, 1, 12.00, 'bravo April');

-- One role per practice; the pool changes into it.
create function my_practice() returns int language sql stable
  as $$ select id from public.practice where db_role = current_user $$;

do $$
declare t text;
begin
  foreach t in array array['therapist', 'patient', 'prescription', 'appointment', 'exercise_plan', 'invoice'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_role on %I using (practice_id = my_practice()) with check (practice_id = my_practice())', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy of_role on practice using (db_role = current_user);

-- The diary hides the internal note from the reception, so the reception has no right on the table itself.
create view diary with (security_barrier) as
  select practice_id, appointment_no, patient_no, therapist_no, starts, state, note
    from appointment
   where practice_id = my_practice();
create view diary_today with (security_barrier) as
  select a.appointment_no, a.starts, p.name as patient, t.name as therapist
    from appointment a
    join patient p using (practice_id, patient_no)
    join therapist t using (practice_id, therapist_no)
   where a.practice_id = my_practice() and a.starts::date = current_date;

revoke execute on function my_practice() from public;
grant execute on function my_practice() to ptdv_hafen, ptdv_berg, ptdv_insel;
grant select on therapy, holiday, practice, therapist, diary_today to ptdv_hafen, ptdv_berg, ptdv_insel;
grant select, insert, update, delete on patient, prescription, exercise_plan, invoice to ptdv_hafen, ptdv_berg, ptdv_insel;
grant select, insert, update, delete on diary to ptdv_hafen, ptdv_berg, ptdv_insel;
reset role;
