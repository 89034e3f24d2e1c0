create function wardkeep.forget_sessions(before timestamptz, reason text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  sessions integer;
  lines integer;
begin
  if coalesce(btrim(reason), '') = '' then
    raise exception 'forgetting sessions needs a reason' using errcode = 'WK307';
  end if;
  if before is null or before > now() - interval '1 year' then
    raise exception 'sessions are kept for a year at least' using errcode = 'WK307';
  end if;
  -- An emergency and a referral name their session for ever.
  delete from wardkeep.session s
   where s.valid_until < before and coalesce(s.ended_at < before, true)
     and not exists (select from wardkeep.break_glass b where b.session_id = s.id)
     and not exists (select from wardkeep.break_glass b where b.opened_in = s.id)
     and not exists (select from wardkeep.referral r where r.session_id = s.id);
  get diagnostics sessions = row_count;
  delete from wardkeep.activity a
   where a.kind in ('session_issued', 'service_issued', 'session_ended', 'lookup') and a.at < before;
  get diagnostics lines = row_count;
  insert into wardkeep.activity (kind, actor, detail)
  values ('sessions_forgotten', session_user, jsonb_build_object('before', before, 'sessions', sessions, 'lines', lines, 'reason', reason));
  -- Last, because whoever issues for such an actor waits for it.
  delete from wardkeep.turn d using (
    select t.actor, t.tenant from wardkeep.turn t
     where not exists (select from wardkeep.session s where s.actor = t.actor)
       and not exists (select from wardkeep.assignment a where a.actor = t.actor)
       for update skip locked) idle
   where d.actor = idle.actor and d.tenant = idle.tenant;
  return sessions;
end
$$;
comment on function wardkeep.forget_sessions(timestamptz, text) is
  'Removes sessions that were over before a time, with their lines of activity; all else stays. For the owner. Fails with WK307.';
