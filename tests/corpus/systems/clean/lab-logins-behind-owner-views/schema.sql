create role lablgn_owner nologin;
create role lablgn_lab nologin;
create role lablgn_aster login;
create role lablgn_birke login;
create role lablgn_ceder login;
grant lablgn_lab to lablgn_aster, lablgn_birke, lablgn_ceder;
alter schema public owner to lablgn_owner;
set role lablgn_owner;

create table test_code (code text primary key, title text not null, unit text);
create table channel (code text primary key, title text not null);
create table lab (code text primary key, name text not null);
create table db_login (login name primary key, lab text not null references lab, remark text not null);
create table sender (lab text not null references lab, no int not null, name text not null, channel text not null references channel, primary key (lab, no));
create table sample (lab text not null, no int not null, sender_no int not null, patient text not null, arrived_at timestamptz not null, primary key (lab, no),
  foreign key (lab, sender_no) references sender (lab, no));
create table measured (lab text not null, sample_no int not null, code text not null references test_code, value numeric not null, remark text not null, primary key (lab, sample_no, code),
  foreign key (lab, sample_no) references sample (lab, no) on delete cascade);
create table outbox (lab text not null, no int not null, sample_no int not null, body text not null, taken_by text, taken_at timestamptz, primary key (lab, no),
  foreign key (lab, sample_no) references sample (lab, no) on delete cascade);
create table reject (lab text not null, sample_no int not null, reason text not null, primary key (lab, sample_no), foreign key (lab, sample_no) references sample (lab, no) on delete cascade);

-- the laboratory of whoever opened the connection: session_user is the login, also below the owner's rights
create function lab_of_login() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select lab from db_login where login = session_user
$$;

insert into test_code values ('CRP', 'C-reactive protein', 'mg/l'), ('K', 'Potassium', 'mmol/l');
insert into channel values ('LDT', 'file'), ('FAX', 'fax');
insert into lab values ('aster', 'Aster'), ('birke', 'Birke bravo'), ('ceder', 'Ceder bravo');
insert into db_login select 'lablgn_' || code, code, 'interface engine of ' || name from lab;
insert into sender select code, n, 'Practice ' || n || ' near ' || name, 'LDT' from lab, generate_series(1, 2) n;
insert into sample select lab, no, no, 'Patient of ' || name, '2026-02-02 09:00+00' from sender;
insert into measured select lab, no, 'CRP', 12, 'repeated; ' || patient from sample;
insert into outbox select lab, sample_no, sample_no, 'CRP 12 mg/l; ' || remark from measured;
insert into reject select lab, no, 'tube broken; ' || patient from sample where no = 2;

-- the tables themselves have no policies and are granted to nobody; the views are the interface
create view my_sender with (security_barrier) as select * from sender where lab = lab_of_login() with cascaded check option;
create view my_sample with (security_barrier) as select * from sample where lab = lab_of_login() with cascaded check option;
create view my_measured with (security_barrier) as select * from measured where lab = lab_of_login() with cascaded check option;
create view my_reject with (security_barrier) as select * from reject where lab = lab_of_login() with cascaded check option;
create view my_outbox with (security_barrier) as
  select o.lab, o.no, o.body, o.taken_at, s.patient, d.name as sender
  from outbox o join sample s on s.lab = o.lab and s.no = o.sample_no join sender d on d.lab = s.lab and d.no = s.sender_no
  where o.lab = lab_of_login();
create view turnaround with (security_barrier) as
  select s.lab, count(*) as samples, avg(o.taken_at - s.arrived_at) as taken_after
  from sample s left join outbox o on o.lab = s.lab and o.sample_no = s.no
  where s.lab = lab_of_login() group by s.lab;

-- the queue: several workers of one laboratory at a time
create function take_message() returns table (no int, body text) language plpgsql security definer set search_path = public, pg_temp as $$
begin
  return query
    update outbox o set taken_by = session_user, taken_at = now()
    where o.lab = lab_of_login() and o.no = (
      select q.no from outbox q where q.lab = lab_of_login() and q.taken_at is null order by q.no limit 1 for update skip locked)
    returning o.no, o.body;
end $$;

create function put_back(message int) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update outbox set taken_by = null, taken_at = null where lab = lab_of_login() and no = message;
  return found;
end $$;

create function announce() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into outbox (lab, no, sample_no, body)
    select new.lab, coalesce(max(o.no), 0) + 1, new.sample_no, new.code || ' ' || new.value || '; ' || new.remark from outbox o where o.lab = new.lab;
  return null;
end $$;
create trigger announce after insert on measured for each row execute function announce();

-- whatever laboratory a client writes into a row, it is the one of its login
create function set_lab() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  new.lab := lab_of_login();
  return new;
end $$;
create trigger a_set_lab before insert or update on sender for each row execute function set_lab();
create trigger a_set_lab before insert or update on sample for each row execute function set_lab();
create trigger a_set_lab before insert or update on measured for each row execute function set_lab();
create trigger a_set_lab before insert or update on reject for each row execute function set_lab();

grant select on test_code, channel, my_sender, my_sample, my_measured, my_reject, my_outbox, turnaround to lablgn_lab;
grant insert, update, delete on my_sender, my_sample, my_measured, my_reject to lablgn_lab;
reset role;
