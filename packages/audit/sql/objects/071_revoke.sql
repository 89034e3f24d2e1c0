create function wardkeep_audit.revoke_share(of_share text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  s wardkeep_audit.share;
begin
  update wardkeep_audit.share x set revoked_at = clock_timestamp()
   where x.id::text = of_share and x.tenant = c.tenant and (x.branch is null or x.branch = any (c.branches)) and x.revoked_at is null
     and (x.actor = c.actor or wardkeep_audit.handling_cells() -> x.relation -> 'share' ? c.db_role)
     and (c.subjects is null or x.subject = any (c.subjects))
  returning x.* into s;
  if s.id is null then
    return false;
  end if;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, detail)
  values (c.tenant, s.branch, c.actor, wardkeep_audit.allowed_as(c.role, c.purpose, 'share', s.relation), c.purpose, c.session_id, wardkeep.request_id(), 'share', s.relation, s.record, s.subject,
    json_build_object('phase', 'revoked', 'share', s.id, 'recipient', s.recipient, 'opened', s.opened)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return true;
end
$$;
comment on function wardkeep_audit.revoke_share(text) is
  'Takes a share back, by who made it or whoever may share from that table; false when there is none to take. Fails with WK1xx.';
