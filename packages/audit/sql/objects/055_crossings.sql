create function wardkeep_audit.record_crossing(c wardkeep.token, branches text[], verb text, relation text, record text, subject text, detail jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  written integer;
begin
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, detail)
  select c.tenant, b.branch, c.actor, c.role, c.purpose, c.session_id, nullif(current_setting('wardkeep.request', true), ''),
         record_crossing.verb, record_crossing.relation, record_crossing.record, record_crossing.subject, record_crossing.detail::text
    from unnest(branches) b(branch);
  get diagnostics written = row_count;
  if written < cardinality(branches) then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.record_crossing(wardkeep.token, text[], text, text, text, text, jsonb) is
  'Internal: what crossed, as one event of each branch. Called by note_crossing() with a context that was verified.';
