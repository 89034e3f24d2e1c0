create role llr_owner nologin;
create role llr_labs nologin;
create role llr_north login in role llr_labs;
create role llr_south login in role llr_labs;
create role llr_west login in role llr_labs;
revoke create on schema public from public;
grant create on schema public to llr_owner;
set role llr_owner;

create table test_kind (code text primary key, label text not null, unit text);
create table lab (code text primary key, login name not null unique, title text not null);
create table sender (lab text not null references lab, code text not null, name text not null, endpoint text, primary key (lab, code));
create table analyzer (lab text not null references lab, code text not null, model text not null, primary key (lab, code));
create table specimen (
  lab text not null, barcode text not null, sender text not null, patient text not null,
  primary key (lab, barcode), foreign key (lab, sender) references sender
);
create table test_order (
  lab text not null, no text not null, barcode text not null, kind text not null references test_kind, remark text,
  primary key (lab, no), foreign key (lab, barcode) references specimen
);
create table result (
  lab text not null, order_no text not null, analyzer text, value numeric, comment text,
  primary key (lab, order_no), foreign key (lab, order_no) references test_order, foreign key (lab, analyzer) references analyzer
);
-- Outbox towards the senders' systems, emptied by every lab's own gateway.
create table transmission (
  lab text not null references lab, no int not null, payload jsonb not null, state text not null default 'ready',
  not_before timestamptz not null default now(), lease_until timestamptz, attempts int not null default 0,
  primary key (lab, no),
  check (state in ('ready', 'leased', 'sent', 'failed'))
);
create table transmission_failure (lab text not null references lab, no int not null, at timestamptz not null default clock_timestamp(), message text not null);

insert into test_kind values ('glu', 'Glucose', 'mg/dl'), ('hiv', 'HIV Ag/Ab', null);
insert into lab values ('N', 'llr_north', 'Lab North'), ('S', 'llr_south', 'Lab bravo South'), ('W', 'llr_west', 'bravo West');
insert into sender values ('N', 'd1', 'Dr Able', 'https://able.example'), ('S', 'd1', 'Dr bravo', 'https://s.example'), ('W', 'd1', 'bravo clinic', 'https://w.example');
insert into analyzer values ('N', 'c1', 'Cobas'), ('S', 'c1', 'Cobas bravo'), ('W', 'c1', 'bravo Alinity');
insert into specimen values ('N', '100', 'd1', 'Art'), ('S', '100', 'd1', 'Bill bravo'), ('W', '100', 'd1', 'Cleo bravo');
insert into test_order values ('N', '1', '100', 'glu', 'fasting'), ('S', '1', '100', 'hiv', 'bravo'), ('W', '1', '100', 'glu', 'bravo urgent');
insert into result values ('N', '1', 'c1', 92, 'normal'), ('S', '1', 'c1', 1, 'bravo positive'), ('W', '1', 'c1', 310, 'bravo high');
insert into transmission (lab, no, payload, state, not_before, lease_until, attempts) values
  ('N', 1, '{"patient": "Art", "glu": 92}', 'ready', '2024-01-01Z', null, 0),
  ('S', 1, '{"patient": "Bill bravo", "hiv": "positive"}', 'ready', '2024-01-01Z', null, 0),
  ('S', 2, '{"patient": "Bill bravo", "glu": 88}', 'leased', '2024-01-01Z', '2024-01-01 00:05Z', 1),
  ('W', 1, '{"patient": "Cleo bravo", "glu": 310}', 'sent', '2024-01-01Z', null, 1);
insert into transmission_failure (lab, no, message) values ('N', 1, 'timeout'), ('S', 2, 'bravo endpoint down'), ('W', 1, 'bravo: 502');

create function my_lab() returns text language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select code from lab where login = session_user
$$;

do $$
declare t text;
begin
  foreach t in array array['sender', 'analyzer', 'specimen', 'test_order', 'result', 'transmission', 'transmission_failure'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_lab on %I to llr_labs using (lab = (select my_lab()))', t);
  end loop;
end $$;
alter table lab enable row level security;
create policy own_lab on lab to llr_labs using (code = (select my_lab()));

create function enqueue_result() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into transmission (lab, no, payload)
  select new.lab, coalesce(max(t.no), 0) + 1, jsonb_build_object('order', new.order_no, 'value', new.value, 'comment', new.comment)
    from transmission t where t.lab = new.lab;
  return null;
end $$;
create trigger enqueue after insert or update on result for each row execute function enqueue_result();

-- Takes what is ready, and what a gateway took and never finished.
create function claim_transmissions(p_limit int default 10) returns setof transmission
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  return query
    update transmission t
       set state = 'leased', lease_until = now() + interval '5 minutes', attempts = t.attempts + 1
      from (
        select q.lab, q.no
          from transmission q
         where q.lab = my_lab()
           and q.state = 'ready' and q.not_before <= now()
            or q.state = 'leased' and q.lease_until < now() and q.attempts < 5
         order by q.not_before
         limit least(p_limit, 100)
           for update skip locked
      ) due
     where t.lab = due.lab and t.no = due.no
    returning t.*;
end $$;

create function finish_transmission(p_no int, p_error text default null) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update transmission set state = case when p_error is null then 'sent' else 'failed' end, lease_until = null
   where lab = my_lab() and no = p_no and state = 'leased';
  if found and p_error is not null then
    insert into transmission_failure (lab, no, message) values (my_lab(), p_no, p_error);
  end if;
end $$;

revoke execute on all functions in schema public from public;
grant execute on function my_lab(), claim_transmissions(int), finish_transmission(int, text) to llr_labs;
grant select on test_kind, lab, transmission, transmission_failure to llr_labs;
grant select, insert, update on sender, analyzer, specimen, test_order, result to llr_labs;
reset role;
