create role phq_owner nologin;
create role phq_app login;
revoke create on schema public from public;
alter schema public owner to phq_owner;
set role phq_owner;

create table pharmacy (id uuid primary key, name text not null, city text not null);
create table drug (pzn text primary key, name text not null, form text not null);
create table carrier (code text primary key, label text not null);
create table customer (
  pharmacy_id uuid not null references pharmacy,
  id uuid not null default gen_random_uuid(),
  name text not null,
  phone text,
  primary key (pharmacy_id, id)
);
create table prescription (
  pharmacy_id uuid not null,
  id uuid not null default gen_random_uuid(),
  customer_id uuid not null,
  pzn text not null references drug,
  prescriber text not null,
  quantity int not null default 1 check (quantity between 1 and 99),
  primary key (pharmacy_id, id),
  foreign key (pharmacy_id, customer_id) references customer
);
create table delivery (
  pharmacy_id uuid not null,
  id uuid not null default gen_random_uuid(),
  prescription_id uuid not null,
  carrier text not null references carrier,
  address text not null,
  delivered_at timestamptz,
  primary key (pharmacy_id, id),
  foreign key (pharmacy_id, prescription_id) references prescription
);
create table outbox_job (
  pharmacy_id uuid not null references pharmacy,
  id uuid not null default gen_random_uuid(),
  kind text not null check (kind in ('sms', 'label', 'erp')),
  payload jsonb not null,
  state text not null default 'ready' check (state in ('ready', 'claimed', 'done', 'failed')),
  worker text,
  attempts int not null default 0,
  queued_at timestamptz not null default now(),
  claimed_at timestamptz,
  primary key (pharmacy_id, id)
);
create table job_attempt (
  pharmacy_id uuid not null,
  job_id uuid not null,
  at timestamptz not null default now(),
  outcome text not null,
  foreign key (pharmacy_id, job_id) references outbox_job on delete cascade
);
create index on outbox_job (state, queued_at);

insert into pharmacy values
  ('0b7c0000-0000-4000-8000-000000000001', 'Linden', 'Halle'),
  ('0b7c0000-0000-4000-8000-000000000002', 'bravo Markt', 'Jena bravo'),
  ('0b7c0000-0000-4000-8000-000000000003', 'bravo Dom', 'Erfurt bravo');
insert into drug values ('04356248', 'Ramipril 5 mg', 'tablet'), ('00999831', 'Salbutamol', 'inhaler'), ('01126111', 'Metformin 500', 'tablet');
insert into carrier values ('bike', 'Own courier'), ('post', 'Parcel');
insert into customer (pharmacy_id, id, name, phone) values
  ('0b7c0000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'Ines Wolf', '+49 345 1'),
  ('0b7c0000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000002', 'Kurt bravo', '+49 3641 bravo'),
  ('0b7c0000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000003', 'Ada bravo', '+49 361 bravo');
insert into prescription (pharmacy_id, id, customer_id, pzn, prescriber) values
  ('0b7c0000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', '04356248', 'Dr. Ott'),
  ('0b7c0000-0000-4000-8000-000000000002', 'd0000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000002', '00999831', 'Dr. bravo'),
  ('0b7c0000-0000-4000-8000-000000000003', 'd0000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000003', '01126111', 'Dr. bravo');
insert into delivery (pharmacy_id, prescription_id, carrier, address) values
  ('0b7c0000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001', 'bike', 'Saalestr. 4'),
  ('0b7c0000-0000-4000-8000-000000000002', 'd0000000-0000-4000-8000-000000000002', 'post', 'bravo-Gasse 9'),
  ('0b7c0000-0000-4000-8000-000000000003', 'd0000000-0000-4000-8000-000000000003', 'bike', 'bravo-Platz 1');
insert into outbox_job (pharmacy_id, id, kind, payload, state, worker, attempts, queued_at, claimed_at) values
  ('0b7c0000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000001', 'sms', '{"text": "ready for Ines Wolf"}', 'ready', null, 0, now() - interval '5 min', null),
  ('0b7c0000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000011', 'label', '{"text": "Ines Wolf, Saalestr. 4"}', 'done', 'w7', 1, now() - interval '3 days', now() - interval '3 days'),
  ('0b7c0000-0000-4000-8000-000000000002', 'e0000000-0000-4000-8000-000000000002', 'sms', '{"text": "ready for Kurt bravo"}', 'ready', null, 0, now() - interval '4 min', null),
  ('0b7c0000-0000-4000-8000-000000000002', 'e0000000-0000-4000-8000-000000000012', 'label', '{"text": "Kurt bravo, bravo-Gasse 9"}', 'claimed', 'bravo-w2', 1, now() - interval '2 days', now() - interval '2 days'),
  ('0b7c0000-0000-4000-8000-000000000003', 'e0000000-0000-4000-8000-000000000003', 'erp', '{"text": "Ada bravo 01126111"}', 'done', 'bravo-w3', 1, now() - interval '1 day', now() - interval '1 day');
insert into job_attempt (pharmacy_id, job_id, outcome) values
  ('0b7c0000-0000-4000-8000-000000000001', 'e0000000-0000-4000-8000-000000000011', 'printed'),
  ('0b7c0000-0000-4000-8000-000000000002', 'e0000000-0000-4000-8000-000000000012', 'bravo printer offline'),
  ('0b7c0000-0000-4000-8000-000000000003', 'e0000000-0000-4000-8000-000000000003', 'sent to bravo erp');

create function current_pharmacy() returns uuid language sql stable
  as $$ select nullif(current_setting('phq.pharmacy', true), '')::uuid $$;

do $$
declare t text;
begin
  foreach t in array array['customer', 'prescription', 'delivery', 'outbox_job', 'job_attempt'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_pharmacy on %I using (pharmacy_id = (select current_pharmacy())) with check (pharmacy_id = (select current_pharmacy()))', t);
  end loop;
end $$;
alter table pharmacy enable row level security;
create policy own_pharmacy on pharmacy using (id = (select current_pharmacy()));

create function enqueue(p_kind text, p_payload jsonb) returns uuid language sql
  as $$ insert into outbox_job (pharmacy_id, kind, payload) values (current_pharmacy(), p_kind, p_payload) returning id $$;

-- Workers hold no UPDATE on the queue: they claim, and they finish.
create function claim_jobs(p_worker text, p_kinds text[] default array['sms', 'label', 'erp'], p_limit int default 10)
returns table (job_id uuid, kind text, payload jsonb, attempts int)
language sql security definer set search_path = public, pg_temp as $$
  update outbox_job j
     set state = 'claimed', worker = p_worker, claimed_at = now(), attempts = j.attempts + 1
   where (j.pharmacy_id, j.id) in (
     select q.pharmacy_id, q.id from outbox_job q
      where q.pharmacy_id = current_pharmacy() and q.kind = any (p_kinds) and q.state = 'ready'
         or q.state = 'claimed' and q.claimed_at < now() - interval '15 minutes'
      order by q.queued_at
      limit least(p_limit, 50)
      for update skip locked)
  returning j.id, j.kind, j.payload, j.attempts;
$$;

create function finish_job(p_job uuid, p_ok boolean, p_outcome text) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update outbox_job set state = case when p_ok then 'done' else 'failed' end
   where pharmacy_id = current_pharmacy() and id = p_job and state = 'claimed';
  if not found then
    return false;
  end if;
  insert into job_attempt (pharmacy_id, job_id, outcome) values (current_pharmacy(), p_job, p_outcome);
  return true;
end $$;

create view queue_depth as
  select kind, state, count(*) as jobs from outbox_job where pharmacy_id = current_pharmacy() group by kind, state;

revoke all on all functions in schema public from public;
grant execute on all functions in schema public to phq_app;
grant select on drug, carrier, pharmacy, job_attempt, queue_depth to phq_app;
grant select, insert, update, delete on customer, prescription, delivery to phq_app;
grant select, insert on outbox_job to phq_app;
reset role;
