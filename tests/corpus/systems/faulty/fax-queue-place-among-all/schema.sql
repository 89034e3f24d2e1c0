create role fqp_owner nologin;
create role fqp_sender nologin;
create role fqp_app login;
create schema fax authorization fqp_owner;
set role fqp_owner;

create table fax.kind (code text primary key, title text not null, weight int not null);
create table fax.failure (code int primary key, wording text not null);
create table fax.gateway (name text primary key, lines int not null);
create table fax.surgery (id int primary key, name text not null);
create table fax.session (token_hash bytea primary key, surgery_id int not null references fax.surgery, device text not null);
create table fax.contact (surgery_id int not null references fax.surgery, no int not null, name text not null, number text not null, primary key (surgery_id, no));
create table fax.letter (surgery_id int not null references fax.surgery, no int not null, patient text not null, body text not null, primary key (surgery_id, no));
create table fax.job (
  surgery_id int not null,
  no int not null,
  letter_no int not null,
  contact_no int not null,
  kind text not null references fax.kind,
  gateway text not null references fax.gateway,
  state text not null default 'waiting' check (state in ('waiting', 'sending', 'sent', 'failed')),
  queued_at timestamptz not null default clock_timestamp(),
  cover_line text,
  primary key (surgery_id, no),
  foreign key (surgery_id, letter_no) references fax.letter (surgery_id, no),
  foreign key (surgery_id, contact_no) references fax.contact (surgery_id, no)
);
create index on fax.job (gateway, queued_at) where state = 'waiting';
create table fax.attempt (
  surgery_id int not null, job_no int not null, no int not null, failure int references fax.failure, remark text,
  primary key (surgery_id, job_no, no),
  foreign key (surgery_id, job_no) references fax.job (surgery_id, no) on delete cascade
);
create table fax.received (surgery_id int not null references fax.surgery, no int not null, number text not null, text_seen text not null, primary key (surgery_id, no));

-- the gate keeps the session's token in a setting; only its digest is stored
create function fax.my_surgery() returns int language sql stable security definer set search_path = fax, pg_temp as $$
  select surgery_id from session where token_hash = sha256(convert_to(nullif(current_setting('fax.token', true), ''), 'UTF8'))
$$;

create function fax.enqueue(p_letter int, p_contact int, p_kind text) returns int language plpgsql as $$
declare
  next_no int;
begin
  select coalesce(max(no), 0) + 1 into next_no from fax.job;
  insert into fax.job (surgery_id, no, letter_no, contact_no, kind, gateway)
    values (fax.my_surgery(), next_no, p_letter, p_contact, p_kind, 'north');
  return next_no;
end $$;

-- "when will mine go out?"; the lines are everybody's, urgent before usual
create function fax.place_in_queue(p_no int) returns text language plpgsql stable security definer set search_path = fax, pg_temp as $$
declare
  mine job;
  ahead bigint;
begin
  select * into mine from job where surgery_id = my_surgery() and no = p_no;
  if not found then
    raise exception 'no such fax' using errcode = 'no_data_found';
  end if;
  if mine.state <> 'waiting' then
    return mine.state;
  end if;
  select count(*) into ahead
    from job j
    join kind k on k.code = j.kind
   where j.gateway = mine.gateway and j.state = 'waiting'
     and (-k.weight, j.queued_at) < (select (-w.weight), mine.queued_at from kind w where w.code = mine.kind);
  return ahead || ' ahead';
end $$;

create function fax.take_next(p_gateway text) returns fax.job language sql security definer set search_path = fax, pg_temp as $$
  update job set state = 'sending'
   where (surgery_id, no) = (
     select j.surgery_id, j.no from job j join kind k on k.code = j.kind
      where j.gateway = p_gateway and j.state = 'waiting'
      order by k.weight desc, j.queued_at limit 1 for update of j skip locked)
  returning *
$$;
revoke execute on function fax.take_next(text) from public;

insert into fax.kind values ('usual', 'Letter', 1), ('urgent', 'Emergency referral', 9);
insert into fax.failure values (17, 'busy'), (18, 'no answer');
insert into fax.gateway values ('north', 4), ('south', 2);
insert into fax.surgery values (71, 'Ashby'), (72, 'Barrow bravo'), (73, 'Corby bravo');
insert into fax.session
  select sha256(convert_to('fqp-' || md5('session of ' || id), 'UTF8')), id, 'Desk at ' || name from fax.surgery;
insert into fax.contact select id, 1, 'Hospital near ' || name, '0049 ' || name from fax.surgery;
insert into fax.letter select id, n, 'Patient ' || n || ' of ' || name, 'Please see this patient of ' || name from fax.surgery, generate_series(1, 4) n;
insert into fax.job (surgery_id, no, letter_no, contact_no, kind, gateway, state, queued_at, cover_line)
  select surgery_id, no, no, 1, 'usual', 'north', 'sent', '2026-03-01 08:00+00', 'For ' || patient from fax.letter where no = 1;
insert into fax.job (surgery_id, no, letter_no, contact_no, kind, gateway, queued_at, cover_line)
  select surgery_id, no, no, 1, 'usual', 'north', '2026-03-02 08:00+00'::timestamptz + no * interval '1 minute' - surgery_id * interval '1 hour', 'For ' || patient
    from fax.letter where no > case surgery_id when 71 then 3 else 1 end;
insert into fax.attempt select surgery_id, no, 1, 17, 'Tried. ' || cover_line from fax.job where state = 'sent';
insert into fax.received select id, 1, '0049 ' || name, 'Findings for ' || name from fax.surgery;

alter table fax.surgery enable row level security;
create policy own on fax.surgery for select using (id = (select fax.my_surgery()));
do $$
declare t text;
begin
  foreach t in array array['session', 'contact', 'letter', 'job', 'attempt', 'received'] loop
    execute format('alter table fax.%I enable row level security', t);
    execute format('create policy own on fax.%I using (surgery_id = (select fax.my_surgery()))', t);
  end loop;
end $$;

grant usage on schema fax to fqp_app, fqp_sender;
grant execute on function fax.take_next(text) to fqp_sender;
grant select on fax.kind, fax.failure, fax.gateway, fax.surgery, fax.attempt, fax.received to fqp_app;
grant select, insert, update, delete on fax.contact, fax.letter, fax.job to fqp_app;
reset role;
