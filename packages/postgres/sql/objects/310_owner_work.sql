create function wardkeep.open_backfill(in_tenant text, reason text) returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  held text[];
  new_session uuid;
  t wardkeep.token;
begin
  if coalesce(btrim(reason), '') = '' then
    raise exception 'a backfill needs a reason' using errcode = 'WK307';
  end if;
  if not exists (select from wardkeep.known_tenant k where k.tenant = in_tenant) then
    raise exception 'no such tenant' using errcode = 'WK307', hint = 'Insert it in maintenance first.';
  end if;
  select coalesce(array_agg(b.branch order by b.branch), '{}') into held from wardkeep.known_branch b where b.tenant = in_tenant;
  insert into wardkeep.session (kind, actor, label, valid_until)
  values ('backfill', 'backfill:' || session_user, reason, now() + interval '6 hours') returning id into new_session;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('backfill', session_user, in_tenant, jsonb_build_object('session', new_session, 'reason', reason));
  t.session_id := new_session;
  t.actor := 'backfill:' || session_user;
  t.tenant := in_tenant;
  t.branches := held;
  t.role := 'owner';
  t.db_role := current_user::text;
  t.purpose := 'backfill';
  t.valid_from := now();
  t.valid_until := now() + interval '6 hours';
  return wardkeep.mint(null, t);
end
$$;
comment on function wardkeep.open_backfill(text, text) is
  'A recorded service context of the owner for one tenant. For the migrator with the owner''s role. Fails with WK307.';

create function wardkeep.close_backfill(given text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  its_session uuid;
begin
  delete from wardkeep.token t where t.digest = sha256(convert_to(given, 'UTF8')) and t.role = 'owner' returning t.session_id into its_session;
  update wardkeep.session s set ended_at = clock_timestamp(), end_reason = 'the work is over'
   where s.id = its_session and s.kind = 'backfill' and s.ended_at is null;
end
$$;
comment on function wardkeep.close_backfill(text) is
  'Ends what open_backfill opened, in the transaction of the work: its token is never there for anybody else. For the owner.';

create function wardkeep.record(kind text, tenant text, detail jsonb) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep.activity (kind, actor, tenant, detail) values (record.kind, session_user, record.tenant, record.detail);
end
$$;
comment on function wardkeep.record(text, text, jsonb) is 'Writes one line of activity. For the owner.';

create function wardkeep.check_force() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  bare text;
begin
  select string_agg(n.nspname || '.' || c.relname, ', ') into bare
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
     and (c.oid in (select jsonb_array_elements_text(new.detail -> 'oids')::oid)
       -- What bears the name now, in the place of a table that was dropped or renamed. Dots, spaces and per cent signs are written.
       or replace(replace(replace(n.nspname::text, '%', '%25'), '.', '%2E'), ' ', '%20') || '.'
         || replace(replace(replace(c.relname::text, '%', '%25'), '.', '%2E'), ' ', '%20')
         in (select jsonb_array_elements_text(new.detail -> 'tables')));
  if bare is not null then
    raise exception 'FORCE is not back on %', bare using errcode = 'WK307', hint = 'Maintenance is one transaction; nothing was kept.';
  end if;
  return null;
end
$$;
comment on function wardkeep.check_force() is 'Trigger: a maintenance whose tables are not FORCEd at its end is not committed. Fails with WK307.';

create constraint trigger activity_force after insert on wardkeep.activity deferrable initially deferred
  for each row when (new.kind = 'maintenance') execute function wardkeep.check_force();
