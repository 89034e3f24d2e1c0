create function wardkeep.support_authority() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  if me.subjects is not null or not exists (select from wardkeep.policy_rule r where r.support -> 'allowedBy' ? me.role)
     or not exists (select from wardkeep.session s where s.id = me.session_id and s.kind = 'person') then
    raise exception 'this role does not decide about support sessions' using errcode = 'WK240';
  end if;
  return me;
end
$$;
comment on function wardkeep.support_authority() is 'Internal: the token in force, if its role allows support sessions. Fails with WK1xx, WK240.';

-- Branches that a session covers are one's own, or it is another's to decide about.
create function wardkeep.support_is_theirs(me wardkeep.token, in_branch text) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  select case when in_branch is not null then in_branch = any (me.branches)
              else me.branches @> array(select k.branch from wardkeep.known_branch k where k.tenant = me.tenant) end;
end;
comment on function wardkeep.support_is_theirs(wardkeep.token, text) is 'Internal: whether a support session lies within the branches of a context.';

create function wardkeep.allow_support(for_actor text, in_branch text, reason text, minutes integer) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.support_authority();
  s wardkeep.support;
  made uuid;
begin
  perform wardkeep.require_read_committed();
  if for_actor = me.actor then
    raise exception 'nobody allows a support session to themselves' using errcode = 'WK240';
  end if;
  if not coalesce(wardkeep.support_is_theirs(me, in_branch), false) then
    raise exception 'this context does not reach the branches of that support session' using errcode = 'WK240';
  end if;
  s.tenant := me.tenant;
  s.branch := in_branch;
  s.actor := for_actor;
  s.reason := allow_support.reason;
  s.allowed_by := me.actor;
  s.allowed_as := me.role;
  s.valid_until := clock_timestamp() + make_interval(mins => minutes);
  made := wardkeep.record_support(s);
  -- Behind the wait for the end of the tenant, as in 240_assign.sql.
  perform wardkeep.support_authority();
  return made;
end
$$;
comment on function wardkeep.allow_support(text, text, text, integer) is
  'Allows one person of the vendor a support session in a branch, or with null in the whole tenant, for minutes. Fails with WK009, WK1xx, WK240.';

create function wardkeep.list_support() returns setof wardkeep.support
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.support_authority();
begin
  -- A session over the whole clinic touches each of its branches.
  return query select s.* from wardkeep.support s
    where s.tenant = me.tenant and (s.branch is null or s.branch = any (me.branches)) order by s.allowed_at, s.id;
end
$$;
comment on function wardkeep.list_support() is 'Every support session in one''s own branches, those that are over too. Fails with WK1xx, WK240.';

-- Ending takes nothing that is the clinic's, so whoever sees one may end it, also one that covers more than their branches.
create function wardkeep.end_support(session uuid, note text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.support_authority();
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(note), '') = '' then
    raise exception 'ending a support session needs a note' using errcode = 'WK240';
  end if;
  -- Waited for first; the token of one that is being opened is there behind the wait.
  perform from wardkeep.support s
    where s.id = end_support.session and s.tenant = me.tenant and (s.branch is null or s.branch = any (me.branches)) and s.ended_at is null for update;
  if not found then
    return false;
  end if;
  perform from wardkeep.session x where x.id in (select t.session_id from wardkeep.token t where t.support = end_support.session) order by x.id for update;
  perform from wardkeep.token t where t.support = end_support.session order by t.digest for update;
  me := wardkeep.support_authority();
  update wardkeep.support s set ended_at = clock_timestamp(), ended_by = me.actor, end_note = note where s.id = end_support.session;
  update wardkeep.session x set ended_at = clock_timestamp(), end_reason = 'ended by the clinic'
   where x.ended_at is null and x.id in (select t.session_id from wardkeep.token t where t.support = end_support.session);
  delete from wardkeep.token t where t.support = end_support.session;
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values ('support_ended', me.actor, me.tenant, jsonb_build_object('support', end_support.session));
  return true;
end
$$;
comment on function wardkeep.end_support(uuid, text) is
  'Ends a support session, from the next statement on, or says after its end that it was seen. False: there is none, or it was ended before. Fails with WK009, WK1xx, WK240.';
