create function wardkeep_audit.retire_key(of_key text, next_key text, reason text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if of_key !~ '^[0-9a-f]{64}$' or next_key !~ '^[0-9a-f]{64}$' or of_key = next_key or coalesce(trim(reason), '') = '' or wardkeep_audit.is_retired(next_key) then
    raise exception 'a key is retired for one that is not, and with a reason' using errcode = 'WK443', hint = 'Make a new key, and say why; it is recorded.';
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, detail)
  values ('', 'audit:' || session_user, 'owner', 'rotation', 'rotation', 'wardkeep_audit.checkpoint',
    json_build_object('retired', of_key, 'next', next_key, 'reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.retire_key(text, text, text) is
  'An event of the deployment''s log: this key signs no more, and that one comes after it; each as the SHA-256 of its 32 bytes. For the owner. Fails with WK443.';

create function wardkeep_audit.is_retired(of_key text) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp set jit = off
  return exists (select from wardkeep_audit.event e where e.tenant = '' and wardkeep_audit.outlives(e.verb) and e.verb = 'rotation' and e.detail::json ->> 'retired' = of_key);
comment on function wardkeep_audit.is_retired(text) is 'Internal: whether a key of the sealer, by its SHA-256, was retired.';
