create function wardkeep.open_backfill(in_tenant text, reason text) returns text
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  held text[] := wardkeep.resolve_branches(in_tenant, '"all"');
  new_session uuid;
begin
  if coalesce(btrim(reason), '') = '' then
    raise exception 'a backfill needs a reason' using errcode = 'WK307';
  end if;
  insert into wardkeep.session (kind, actor, label, valid_until)
  values ('backfill', 'backfill:' || session_user, reason, now() + interval '6 hours') returning id into new_session;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('backfill', session_user, in_tenant, jsonb_build_object('session', new_session, 'reason', reason));
  return wardkeep.mint(new_session, null, 'backfill:' || session_user, null, in_tenant, held, null, current_user::text, 'owner',
    'backfill', now(), now() + interval '6 hours');
end
$$;
comment on function wardkeep.open_backfill(text, text) is
  'A recorded service context of the owner for one tenant. For the migrator with the owner''s role. Fails with WK202 or WK307.';

create function wardkeep.record(kind text, tenant text, detail jsonb) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep.activity (kind, actor, tenant, detail) values (record.kind, session_user, record.tenant, record.detail);
end
$$;
comment on function wardkeep.record(text, text, jsonb) is 'Writes one line of activity. For the owner.';
