-- What tells a database from its own backup, clone or standby. The timeline is that of the log that is written now: the control
-- file names the new one only after the first checkpoint that follows a promotion.
create function wardkeep_audit.incarnation() returns text
  language sql volatile set search_path = pg_catalog, pg_temp
  return concat_ws('/', (select c.system_identifier from pg_control_system() c),
    ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer,
    (select d.oid from pg_database d where d.datname = current_database()));
comment on function wardkeep_audit.incarnation() is
  'Internal: system identifier, timeline and number of this database. Another text than the one sealed last: it was restored, cloned or promoted.';

create function wardkeep_audit.begin_incarnation(note text, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(trim(reason), '') = '' or reason ~* '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' then
    raise exception 'going on as another incarnation needs a reason that names nobody' using errcode = 'WK446',
      hint = 'Say why; it is recorded and outlives every erasure. Nothing was changed.';
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, detail)
  values ('', 'audit:' || session_user, 'owner', 'incarnation', 'incarnation', 'wardkeep_audit.seal_state',
    json_build_object('note', note, 'reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.begin_incarnation(text, text) is
  'An event of the deployment''s log: from here on it is signed as another incarnation, under another name, as the signed note says. For the owner. Fails with WK446.';
