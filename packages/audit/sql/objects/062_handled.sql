create function wardkeep_audit.end_handling(ended jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  t wardkeep_audit.transfer;
begin
  if coalesce(ended ->> 'outcome', '') not in ('completed', 'aborted') or coalesce(ended ->> 'sha256', '') !~ '^[0-9a-f]{64}$'
     or coalesce(ended ->> 'bytes', '') !~ '^[0-9]{1,16}$' or coalesce(ended ->> 'rows', '0') !~ '^[0-9]{1,9}$' then
    raise exception 'an end needs its outcome, bytes and SHA-256' using errcode = 'WK434';
  end if;
  delete from wardkeep_audit.transfer x
   where x.id::text = ended ->> 'transfer' and x.tenant = c.tenant and x.session = c.session_id returning x.* into t;
  if t.id is null then
    raise exception 'no such transfer of this session is under way' using errcode = 'WK433';
  end if;
  c.role := wardkeep_audit.allowed_as(c.role, c.purpose, t.verb, t.relation);
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, subject, n, detail)
  values (c.tenant, wardkeep_audit.one_branch(c), c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), t.verb, t.relation, t.subject,
    coalesce((ended ->> 'rows')::integer, 0),
    json_strip_nulls(json_build_object('phase', ended ->> 'outcome', 'transfer', t.id, 'bytes', (ended ->> 'bytes')::bigint,
      'sha256', ended ->> 'sha256', 'rows', (ended ->> 'rows')::integer))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.end_handling(jsonb) is
  'Records how a download ended: completed or aborted, bytes, SHA-256, rows. Once, by the session that began it. Fails with WK1xx, WK433, WK434.';
