create function wardkeep.end_session(session uuid, reason text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  who text;
begin
  perform wardkeep.require_read_committed();
  update wardkeep.session s set ended_at = now(), end_reason = reason
   where s.id = end_session.session and s.ended_at is null returning s.actor into who;
  if not found then
    return false;
  end if;
  perform from wardkeep.token t where t.session_id = end_session.session order by t.digest for update;
  delete from wardkeep.token t where t.session_id = end_session.session;
  insert into wardkeep.activity (kind, actor, detail)
  values ('session_ended', who, jsonb_build_object('session', end_session.session, 'reason', reason));
  return true;
end
$$;
comment on function wardkeep.end_session(uuid, text) is 'Ends a session; its tokens are refused from the next statement on. For the issuer login. Fails with WK009.';

create function wardkeep.end_actor(actor text, reason text) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  ended integer;
begin
  perform wardkeep.require_read_committed();
  -- Waits for sessions of this actor that are being issued: the next statement sees them.
  perform wardkeep.alone(end_actor.actor, '');
  perform from wardkeep.session s where s.actor = end_actor.actor and s.ended_at is null order by s.id for update;
  perform from wardkeep.token t where t.actor = end_actor.actor order by t.digest for update;
  select count(*) filter (where wardkeep.end_session(s.id, reason)) into ended
    from wardkeep.session s where s.actor = end_actor.actor and s.ended_at is null;
  return ended;
end
$$;
comment on function wardkeep.end_actor(text, text) is 'Ends every open session of an actor and returns how many. For the issuer login. Fails with WK009.';

create function wardkeep.list_sessions(actor text)
  returns table (session_id uuid, kind text, label text, created_at timestamptz, valid_until timestamptz)
  language sql stable security definer
begin atomic
  select s.id, s.kind, s.label, s.created_at, s.valid_until
    from wardkeep.session s
   where s.actor = list_sessions.actor and s.ended_at is null and s.valid_until > now()
   order by s.created_at, s.id;
end;
comment on function wardkeep.list_sessions(text) is 'The open sessions of an actor. For the issuer login.';

create function wardkeep.list_tenants() returns setof text
  language sql stable security definer
begin atomic
  select k.tenant from wardkeep.known_tenant k order by k.tenant;
end;
comment on function wardkeep.list_tenants() is 'Every tenant, for jobs. For the issuer login and the owner.';
