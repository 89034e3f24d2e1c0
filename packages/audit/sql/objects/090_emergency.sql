-- An emergency opens only once its declaration is committed, so that it is recorded where it is declared: who rolls the
-- declaration back has opened nothing.
create function wardkeep_audit.record_emergency() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.held(current_setting('role'));
  phase text := case
    when tg_op = 'INSERT' then 'declared'
    when old.reviewed_at is null and new.reviewed_at is not null then 'reviewed'
    when old.opened_at is null and new.opened_at is not null then 'opened'
    when old.closed_at is null and new.closed_at is not null then 'closed'
    when old.opened_in <> new.opened_in then 'resumed' end;
begin
  if phase is null then
    return null;
  end if;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, verb, relation, record, subject, detail)
  values (new.tenant, new.branch, case phase when 'reviewed' then new.reviewed_by when 'closed' then 'owner:' || session_user else new.declared_by end,
    coalesce(c.role, case phase when 'closed' then 'owner' else new.declared_as end), coalesce(c.purpose, 'break_glass'), coalesce(c.session_id, case when phase in ('opened', 'resumed') then new.opened_in end, new.session_id),
    'break_glass', 'wardkeep.break_glass', new.id::text, wardkeep_audit.as_logged(null, new.subject),
    -- The explanation is free text; it stays where it was written.
    json_strip_nulls(json_build_object('phase', phase, 'reason', new.reason, 'until', new.valid_until, 'verdict', new.verdict))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return null;
end
$$;
comment on function wardkeep_audit.record_emergency() is 'Trigger: an emergency that is declared, opened, resumed in another session, reviewed or closed.';

create trigger wk_sealed_emergency after insert or update on wardkeep.break_glass
  for each row execute function wardkeep_audit.record_emergency();
alter table wardkeep.break_glass enable always trigger wk_sealed_emergency;
