create role psc_owner nologin;
create role psc_app login;
revoke create on schema public from public;
grant create on schema public to psc_owner;
set role psc_owner;

create table wound_kind (code text primary key, label text not null);
create table service (id int primary key, name text not null, last_change bigint not null default 0);
create table carer (service_id int not null references service, no int not null, name text not null, primary key (service_id, no));
create table phone (service_id int not null, token_hash text primary key, carer_no int not null, label text not null, locked_at timestamptz, foreign key (service_id, carer_no) references carer);
create table client (service_id int not null references service, id uuid not null, name text not null, deleted boolean not null default false, change bigint not null default 0, primary key (service_id, id));
create table wound (
  service_id int not null, id uuid not null, client_id uuid not null, kind text not null references wound_kind, remark text,
  deleted boolean not null default false, change bigint not null default 0, primary key (service_id, id), foreign key (service_id, client_id) references client
);
create table wound_photo (service_id int not null, id uuid not null, wound_id uuid not null, path text not null, change bigint not null default 0, primary key (service_id, id), foreign key (service_id, wound_id) references wound);
create table sync_conflict (service_id int not null references service, at timestamptz not null default clock_timestamp(), theirs jsonb not null, ours jsonb not null);

-- The numbers of changes run per service, so that a gap tells nothing.
create function stamp() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update service set last_change = last_change + 1 where id = new.service_id returning last_change into new.change;
  return new;
end $$;
create trigger stamp before insert or update on client for each row execute function stamp();
create trigger stamp before insert or update on wound for each row execute function stamp();
create trigger stamp before insert or update on wound_photo for each row execute function stamp();

insert into wound_kind values ('dec', 'Decubitus'), ('ulc', 'Ulcer');
insert into service (id, name) values (61, 'Allcare'), (62, 'bravo Care'), (63, 'Citycare bravo');
insert into carer values (61, 1, 'Ali'), (62, 1, 'Bo bravo'), (63, 1, 'Cy bravo');
insert into phone values (61, encode(sha256('phone-ali'), 'hex'), 1, 'Pixel', null), (62, encode(sha256('phone-bo'), 'hex'), 1, 'bravo phone', null), (62, encode(sha256('phone-lost'), 'hex'), 1, 'bravo lost phone', '2024-01-01Z'), (63, encode(sha256('phone-cy'), 'hex'), 1, 'bravo phone', null);
insert into client values
  (61, 'c1000000-0000-4000-8000-0000000000a1', 'Abe', false), (62, 'c1000000-0000-4000-8000-0000000000b1', 'Ben bravo', false), (62, 'c1000000-0000-4000-8000-0000000000b2', 'Bix bravo', true), (63, 'c1000000-0000-4000-8000-0000000000c1', 'Cai bravo', false);
insert into wound values
  (61, 'd1000000-0000-4000-8000-0000000000a1', 'c1000000-0000-4000-8000-0000000000a1', 'dec', 'heel', false), (62, 'd1000000-0000-4000-8000-0000000000b1', 'c1000000-0000-4000-8000-0000000000b1', 'ulc', 'bravo leg', false), (63, 'd1000000-0000-4000-8000-0000000000c1', 'c1000000-0000-4000-8000-0000000000c1', 'dec', 'bravo back', false);
insert into wound_photo values
  (61, 'e1000000-0000-4000-8000-0000000000a1', 'd1000000-0000-4000-8000-0000000000a1', 'a/1.jpg'), (62, 'e1000000-0000-4000-8000-0000000000b1', 'd1000000-0000-4000-8000-0000000000b1', 'bravo/1.jpg'), (63, 'e1000000-0000-4000-8000-0000000000c1', 'd1000000-0000-4000-8000-0000000000c1', 'bravo/1.jpg');
insert into sync_conflict (service_id, theirs, ours) values (61, '{"remark": "x"}', '{}'), (62, '{"remark": "bravo"}', '{}'), (63, '{"remark": "bravo"}', '{}');

create function my_service() returns int language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select service_id from phone
   where token_hash = encode(sha256(convert_to(nullif(current_setting('sync.token', true), ''), 'UTF8')), 'hex') and locked_at is null
$$;
do $$
declare t text;
begin
  foreach t in array array['carer', 'phone', 'client', 'wound', 'wound_photo', 'sync_conflict'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy mine on %I using (service_id = (select my_service()))', t);
  end loop;
end $$;
alter table service enable row level security;
create policy mine on service using (id = (select my_service()));

-- Tombstones too: a phone must learn what is gone.
create function sync_pull(p_since bigint default 0) returns table (entity text, change bigint, doc jsonb)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select 'client', c.change, case when c.deleted then jsonb_build_object('id', c.id, 'deleted', true) else to_jsonb(c) end
    from client c where c.service_id = my_service() and c.change > p_since
  union all
  select 'wound', w.change, to_jsonb(w) from wound w where w.service_id = my_service() and w.change > p_since
  union all
  select 'photo', f.change, to_jsonb(f) from wound_photo f where f.service_id = my_service() and f.change > p_since
  order by 2
$$;

-- The phone makes the ids. Another service may have the same id: the key has the service in front, and nothing collides.
create function sync_push(p_entity text, p_docs jsonb, p_base bigint default null) returns int
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_service int := my_service();
  v_doc jsonb;
  v_old jsonb;
  n int := 0;
begin
  if v_service is null then
    raise exception 'phone unknown or locked' using errcode = '28000';
  end if;
  if p_entity is null or p_entity not in ('client', 'wound', 'wound_photo') then
    raise exception 'unknown entity';
  end if;
  for v_doc in select value from jsonb_array_elements(p_docs) loop
    v_doc := v_doc || jsonb_build_object('service_id', v_service, 'change', 0);
    execute format('select to_jsonb(t) from %I t where t.service_id = $1 and t.id = $2 for update', p_entity) into v_old using v_service, (v_doc ->> 'id')::uuid;
    if v_old is not null and p_base is not null and (v_old ->> 'change')::bigint > p_base then
      insert into sync_conflict (service_id, theirs, ours) values (v_service, v_doc, v_old);
    elsif v_old is not null then
      if p_entity = 'client' then
        update client set name = coalesce(v_doc ->> 'name', name), deleted = coalesce((v_doc ->> 'deleted')::boolean, deleted)
         where service_id = v_service and id = (v_doc ->> 'id')::uuid;
      elsif p_entity = 'wound' then
        update wound set remark = coalesce(v_doc ->> 'remark', remark), deleted = coalesce((v_doc ->> 'deleted')::boolean, deleted)
         where service_id = v_service and id = (v_doc ->> 'id')::uuid;
      end if;
      n := n + 1;
    else
      execute format('insert into %I select (jsonb_populate_record(null::%I, $1)).*', p_entity, p_entity)
        using case when p_entity = 'wound_photo' then v_doc else jsonb_build_object('deleted', false) || v_doc end;
      n := n + 1;
    end if;
  end loop;
  return n;
end $$;

create function restore_client(p_id uuid) returns void language sql as $$
  update client set deleted = false where id = p_id and deleted
$$;

revoke execute on all functions in schema public from public;
grant execute on function my_service(), sync_pull(bigint), sync_push(text, jsonb, bigint), restore_client(uuid) to psc_app;
grant select on wound_kind, service, carer, sync_conflict to psc_app;
grant select, insert, update on client, wound, wound_photo to psc_app;
reset role;
