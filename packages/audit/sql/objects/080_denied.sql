-- What was refused is recorded ten times a minute per session, and per clinic for sign-ins; the rest is counted, and the
-- count is an event of a later minute. Nobody fills a disk with refusals.
create table wardkeep_audit.denial (
  scope text primary key,
  tenant text not null,
  actor text not null,
  role text not null,
  purpose text not null,
  session uuid,
  verb text not null,
  minute timestamptz not null,
  recorded integer not null,
  more integer not null
);
create index denial_tenant on wardkeep_audit.denial (tenant);
create index denial_minute on wardkeep_audit.denial (minute);
comment on table wardkeep_audit.denial is 'How many refusals of a session, or sign-ins of a clinic, were recorded in its last minute, and how many were only counted.';
alter table wardkeep_audit.denial enable row level security;

create function wardkeep_audit.note_more(d wardkeep_audit.denial) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep_audit.event (tenant, actor, role, purpose, session, verb, relation, n, detail)
  values (d.tenant, d.actor, d.role, d.purpose, d.session, d.verb, '', d.more, '{"code":"more"}');
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.note_more(wardkeep_audit.denial) is 'Internal: an event of what was only counted. Fails with WK461.';

-- True: record this one as well. False: it was counted.
create function wardkeep_audit.within_rate(of_scope text, c wardkeep.token, of_verb text) returns boolean
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  now_minute timestamptz := date_trunc('minute', clock_timestamp());
  d wardkeep_audit.denial;
begin
  insert into wardkeep_audit.denial (scope, tenant, actor, role, purpose, session, verb, minute, recorded, more)
  values (of_scope, coalesce(c.tenant, ''), c.actor, c.role, c.purpose, c.session_id, of_verb, now_minute, 0, 0)
  on conflict (scope) do nothing;
  if found then
    -- Sessions of yesterday: what they left uncounted is told, and their rows go.
    for d in delete from wardkeep_audit.denial x where x.scope in (
        select y.scope from wardkeep_audit.denial y where y.minute < now_minute - interval '25 hours' order by y.minute limit 100 for update skip locked)
      returning x.* loop
      if d.more > 0 then
        perform wardkeep_audit.note_more(d);
      end if;
    end loop;
  end if;
  select x.* into d from wardkeep_audit.denial x where x.scope = of_scope for update;
  if d.minute < now_minute then
    if d.more > 0 then
      perform wardkeep_audit.note_more(d);
    end if;
    update wardkeep_audit.denial x set minute = now_minute, recorded = 1, more = 0 where x.scope = of_scope;
    return true;
  end if;
  update wardkeep_audit.denial x
     set recorded = least(x.recorded + 1, 10), more = case when x.recorded < 10 then x.more else least(x.more, 2000000000) + 1 end
   where x.scope = of_scope;
  return d.recorded < 10;
end
$$;
comment on function wardkeep_audit.within_rate(text, wardkeep.token, text) is 'Internal: whether a refusal is still recorded by itself in this minute; counts it otherwise.';

create function wardkeep_audit.note_denied(c wardkeep.token, relation text, code text, action text, together integer) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  of_scope text := c.session_id::text || ':' || c.tenant;
  told boolean;
begin
  told := wardkeep_audit.within_rate(of_scope, c, 'deny');
  if together > 1 then
    update wardkeep_audit.denial d set more = least(d.more, 2000000000) + least(together, 100000) - 1 where d.scope = of_scope;
  end if;
  if not told then
    return;
  end if;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, detail)
  values (c.tenant, wardkeep_audit.one_branch(c), c.actor, c.role, c.purpose, c.session_id, left(wardkeep.request_id(), 200), 'deny',
    -- A name that is a table's, so that nothing else is written here.
    coalesce((select relation from pg_class k join pg_namespace n on n.oid = k.relnamespace
               where n.nspname || '.' || k.relname = relation and k.relkind in ('r', 'p', 'v') limit 1), ''),
    json_strip_nulls(json_build_object('code', case when code ~ '^[0-9A-Z]{5}$' then code else 'XX000' end,
      'action', case when action in ('create', 'read', 'update', 'delete', 'download', 'print', 'export', 'share') then action end))::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.note_denied(wardkeep.token, text, text, text, integer) is 'Internal: one refusal, or one more in the count.';

create function wardkeep_audit.record_denied(what jsonb) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform wardkeep_audit.note_denied(wardkeep.verified(), coalesce(what ->> 'relation', ''), coalesce(what ->> 'code', ''), what ->> 'action',
    case when what ->> 'n' ~ '^[0-9]{1,6}$' then (what ->> 'n')::integer else 1 end);
end
$$;
comment on function wardkeep_audit.record_denied(jsonb) is
  'Records that the verified context was refused something: code and table, no values. Ten a minute and session, the rest as a count. Fails with WK1xx.';

create function wardkeep_audit.record_failed_login(in_tenant text, claimed text, reason text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token;
begin
  c.tenant := coalesce((select k.tenant from wardkeep.known_tenant k where k.tenant = in_tenant), '');
  c.actor := left(coalesce(nullif(btrim(claimed), ''), 'unknown'), 200);
  c.role := 'none';
  c.purpose := 'login';
  if coalesce(reason, '') !~ '^[a-z0-9_-]{1,40}$' then
    raise exception 'a reason is a short word' using errcode = 'WK434', hint = 'Such as password, second-factor, locked or unknown.';
  end if;
  if not wardkeep_audit.within_rate('login:' || c.tenant, c, 'login') then
    return;
  end if;
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, detail)
  values (c.tenant, c.actor, c.role, c.purpose, 'login', '', json_build_object('outcome', 'failed', 'reason', reason)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
end
$$;
comment on function wardkeep_audit.record_failed_login(text, text, text) is
  'Records that somebody did not get in: whom they claimed to be and why not. Ten a minute and clinic, the rest as a count. For the issuer login. Fails with WK434.';
