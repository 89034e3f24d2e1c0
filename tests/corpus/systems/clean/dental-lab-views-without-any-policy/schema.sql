create role dlvp_owner nologin;
create role dlvp_app login;
create schema data authorization dlvp_owner;
create schema app authorization dlvp_owner;
set role dlvp_owner;

create table data.lab (lab_id int primary key, name text not null);
create table data.login_session (token_hash text primary key, lab_id int not null references data.lab, device text not null, expires_at timestamptz not null);
create table data.material (code text primary key, title text not null);
create table data.tooth (fdi int primary key, title text not null);

create function app.lab() returns int language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.lab_id from data.login_session s
   where s.token_hash = encode(sha256(convert_to(nullif(current_setting('dlvp.token', true), ''), 'UTF8')), 'hex')
     and s.expires_at > now()
$$;

-- The laboratory of a row is never said by the client: it is the column's default, and no view shows the column.
create table data.dentist (lab_id int not null default app.lab() references data.lab, dentist_no int not null, name text not null, street text, primary key (lab_id, dentist_no));
create table data.work_order (lab_id int not null default app.lab(), order_no int not null, dentist_no int not null, patient_code text not null, due date, remark text, primary key (lab_id, order_no), foreign key (lab_id, dentist_no) references data.dentist);
create table data.work_item (lab_id int not null default app.lab(), order_no int not null, item int not null, fdi int not null references data.tooth, material text not null references data.material, shade text, primary key (lab_id, order_no, item), foreign key (lab_id, order_no) references data.work_order on delete cascade);
create table data.scan (lab_id int not null default app.lab(), order_no int not null, scan_no int not null, title text not null, body text not null, primary key (lab_id, order_no, scan_no), foreign key (lab_id, order_no) references data.work_order on delete cascade);
create table data.share_link (lab_id int not null default app.lab(), order_no int not null, scan_no int not null, secret_hash text not null unique, expires_at timestamptz not null, sent_to text not null, foreign key (lab_id, order_no, scan_no) references data.scan on delete cascade);
create table data.history (lab_id int not null, at timestamptz not null default clock_timestamp(), what text not null);

insert into data.lab values (301, 'Krone GmbH'), (302, 'bravo Dent'), (303, 'bravo Inlay');
insert into data.login_session values
  (encode(sha256('kr-0817'), 'hex'), 301, 'bench 1', '2099-01-01'),
  (encode(sha256('br-4410'), 'hex'), 302, 'bravo bench', '2099-01-01'),
  (encode(sha256('in-9023'), 'hex'), 303, 'bravo bench', '2099-01-01');
insert into data.material values ('zr', 'Zirconia'), ('au', 'Gold'), ('pm', 'PMMA');
insert into data.tooth values (11, 'upper right central'), (36, 'lower left first molar');
insert into data.dentist values (301, 1, 'Dr. Laub', 'Ring 1'), (302, 1, 'Dr. bravo', 'bravo 1'), (303, 1, 'Dr. V. bravo', 'bravo 2');
insert into data.work_order values (301, 1, 1, 'KR-17', '2026-08-01', null), (302, 1, 1, 'bravo-22', '2026-08-02', 'bravo rush'), (303, 1, 1, 'bravo-31', '2026-08-03', 'bravo');
insert into data.work_item values (301, 1, 1, 11, 'zr', 'A2'), (302, 1, 1, 36, 'au', 'bravo'), (303, 1, 1, 36, 'pm', 'bravo B1');
insert into data.scan values (301, 1, 1, 'upper jaw', 'solid krone'), (302, 1, 1, 'bravo jaw', 'solid bravo'), (303, 1, 1, 'bravo jaw', 'solid bravo');
insert into data.share_link values
  (301, 1, 1, encode(sha256('6d3c5b0e-krone'), 'hex'), '2099-01-01', 'dr.laub@example.org'),
  (302, 1, 1, encode(sha256('f00a77c1-dent'), 'hex'), '2099-01-01', 'dr@bravo.example'),
  (303, 1, 1, encode(sha256('91be22d4-inlay'), 'hex'), '2099-01-01', 'v@bravo.example');
insert into data.history (lab_id, what) values (301, 'opened'), (302, 'bravo opened'), (303, 'bravo opened');

create view app.lab_info with (security_barrier) as select name from data.lab where lab_id = app.lab();
create view app.material as select * from data.material;
create view app.tooth as select * from data.tooth;
create view app.dentist with (security_barrier) as
  select dentist_no, name, street from data.dentist where lab_id = app.lab() with cascaded check option;
create view app.work_order with (security_barrier) as
  select order_no, dentist_no, patient_code, due, remark from data.work_order where lab_id = app.lab() with cascaded check option;
create view app.work_item with (security_barrier) as
  select order_no, item, fdi, material, shade from data.work_item where lab_id = app.lab() with cascaded check option;
create view app.scan with (security_barrier) as
  select order_no, scan_no, title, body from data.scan where lab_id = app.lab() with cascaded check option;
create view app.overdue with (security_barrier) as
  select o.order_no, d.name as dentist, o.due from data.work_order o join data.dentist d using (lab_id, dentist_no)
   where o.lab_id = app.lab() and o.due < current_date;
create view app.history with (security_barrier) as select at, what from data.history where lab_id = app.lab();

create function data.remember() returns trigger language plpgsql security definer set search_path = data, pg_temp as $$
begin
  insert into history (lab_id, what) values (coalesce(new.lab_id, old.lab_id), lower(tg_op) || ' order ' || coalesce(new.order_no, old.order_no));
  return null;
end $$;
create trigger remember after insert or update or delete on data.work_order for each row execute function data.remember();

-- A dentist without an account opens a scan by the link in the mail. Whoever knows the secret may, of whatever laboratory.
create function app.open_link(p_secret text) returns table (title text, body text)
language sql stable security definer set search_path = data, pg_temp as $$
  select s.title, s.body
    from share_link l join scan s using (lab_id, order_no, scan_no)
   where l.secret_hash = encode(sha256(convert_to(p_secret, 'UTF8')), 'hex') and l.expires_at > now()
$$;
create function app.make_link(p_order int, p_scan int, p_to text) returns text
language plpgsql security definer set search_path = data, pg_temp as $$
declare
  secret text := gen_random_uuid()::text || gen_random_uuid()::text;
begin
  if not exists (select from scan s where s.lab_id = app.lab() and s.order_no = p_order and s.scan_no = p_scan) then
    return null;
  end if;
  insert into share_link (order_no, scan_no, secret_hash, expires_at, sent_to)
  values (p_order, p_scan, encode(sha256(convert_to(secret, 'UTF8')), 'hex'), now() + interval '14 days', p_to);
  return secret;
end $$;

revoke all on all functions in schema app, data from public;
grant usage on schema app to dlvp_app;
grant execute on all functions in schema app to dlvp_app;
grant select on all tables in schema app to dlvp_app;
grant insert, update, delete on app.dentist, app.work_order, app.work_item, app.scan to dlvp_app;
reset role;
