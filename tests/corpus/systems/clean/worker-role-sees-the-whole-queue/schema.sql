create role labq_owner nologin;
create role labq_worker login;
create role labq_station login;
create schema queue authorization labq_owner;
grant usage, create on schema queue to labq_worker;
set role labq_owner;
set search_path = queue;

create table analyser (code text primary key, maker text not null);
create table test_kind (code text primary key, title text not null, analyser text not null references analyser, minutes int not null);
create table priority (level int primary key, title text not null);
create table laboratory (lab_id bigint primary key, name text not null);
create table device (lab_id bigint not null references laboratory, serial text not null, analyser text not null references analyser, room text, primary key (lab_id, serial));
create table specimen (lab_id bigint not null references laboratory, barcode text not null, patient text not null, drawn_at timestamptz not null, primary key (lab_id, barcode));
create table job (
  lab_id bigint not null, barcode text not null, test text not null references test_kind, level int not null default 2 references priority,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')), serial text, started_at timestamptz, comment text,
  primary key (lab_id, barcode, test),
  foreign key (lab_id, barcode) references specimen (lab_id, barcode) on delete cascade,
  foreign key (lab_id, serial) references device (lab_id, serial)
);
create index on job (state, level) where state = 'waiting';
create table result (lab_id bigint not null, barcode text not null, test text not null, value text not null, flag text, primary key (lab_id, barcode, test),
  foreign key (lab_id, barcode, test) references job (lab_id, barcode, test) on delete cascade);
create table job_error (lab_id bigint not null, barcode text not null, test text not null, at timestamptz not null, message text not null, primary key (lab_id, barcode, test, at),
  foreign key (lab_id, barcode, test) references job (lab_id, barcode, test) on delete cascade);
create table worker_heartbeat (worker text primary key, seen_at timestamptz not null);

create function my_lab() returns bigint language sql stable as $$ select nullif(current_setting('queue.lab', true), '')::bigint $$;

insert into analyser values ('COBAS', 'Roche'), ('ATEL', 'Siemens');
insert into test_kind values ('TSH', 'Thyrotropin', 'COBAS', 18), ('CRP', 'C-reactive protein', 'ATEL', 12);
insert into priority values (1, 'stat'), (2, 'routine');
insert into laboratory values (71, 'Lab Kiel'), (72, 'Lab Lübeck bravo'), (73, 'Lab Husum bravo');
insert into device select lab_id, 'SN1', 'COBAS', 'room of ' || name from laboratory;
insert into specimen select lab_id, 'T000' || n, 'Patient ' || n || ', ' || name, '2026-04-04 07:00+00' from laboratory, generate_series(1, 4) n;
insert into job select lab_id, barcode, 'TSH', 2, case right(barcode, 1) when '1' then 'done' when '2' then 'failed' else 'waiting' end, 'SN1', null, 'lipaemic? ' || patient from specimen;
insert into result select lab_id, barcode, test, '2.1', 'plausible, ' || comment from job where state = 'done';
insert into job_error select lab_id, barcode, test, '2026-04-04 08:00+00', 'clot, ' || comment from job where state = 'failed';
insert into worker_heartbeat values ('worker-1', '2026-04-04 08:01+00');

alter table laboratory enable row level security, force row level security;
create policy own on laboratory for select to labq_station using (lab_id = my_lab());
create policy all_labs on laboratory for select to labq_worker using (true);
do $$
declare t text;
begin
  foreach t in array array['device', 'specimen', 'job', 'result', 'job_error'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy station on %I to labq_station using (lab_id = my_lab())', t);
    -- the worker serves all laboratories; nobody else is a member of its role
    execute format('create policy worker on %I to labq_worker using (true) with check (true)', t);
  end loop;
end $$;

grant usage on schema queue to labq_station;
grant select on all tables in schema queue to labq_worker;
grant insert, update, delete on job, result, job_error, worker_heartbeat to labq_worker;
grant select on analyser, test_kind, priority, laboratory, device, specimen, job, result, job_error to labq_station;
grant insert, delete on specimen to labq_station;
grant insert (lab_id, barcode, test, level, comment), update (level, comment), delete on job to labq_station;
reset role;

-- What a station asks the worker for runs with the worker's rights, to which every row is visible: each of them names the laboratory.
set role labq_worker;
create function queue.take_job(on_device text) returns table (barcode text, test text, comment text)
  language sql security definer set search_path = queue, pg_temp as $$
  update job j set state = 'running', serial = on_device, started_at = now()
   where (j.lab_id, j.barcode, j.test) = (
           select w.lab_id, w.barcode, w.test from job w
             join test_kind k on k.code = w.test
             join device d on d.lab_id = w.lab_id and d.serial = on_device and d.analyser = k.analyser
            where w.lab_id = my_lab() and w.state = 'waiting'
            order by w.level, w.barcode limit 1 for update of w skip locked)
  returning j.barcode, j.test, j.comment
$$;
create function queue.finish_job(tube text, of_test text, measured text) returns boolean
  language plpgsql security definer set search_path = queue, pg_temp as $$
begin
  update job j set state = 'done' where j.lab_id = my_lab() and j.barcode = tube and j.test = of_test and j.state = 'running';
  if not found then
    return false;
  end if;
  insert into result values (my_lab(), tube, of_test, measured, null)
    on conflict (lab_id, barcode, test) do update set value = excluded.value;
  return true;
end $$;
create function queue.waiting_jobs() returns bigint language sql stable security definer set search_path = queue, pg_temp as $$
  select count(*) from job j where j.lab_id = my_lab() and j.state = 'waiting'
$$;
revoke execute on function queue.take_job(text), queue.finish_job(text, text, text), queue.waiting_jobs() from public;
grant execute on function queue.take_job(text), queue.finish_job(text, text, text), queue.waiting_jobs() to labq_station;
reset role;
revoke create on schema queue from labq_worker;
reset search_path;
