create table wardkeep_audit.share (
  id uuid primary key default gen_random_uuid(),
  tenant text not null,
  branch text,
  relation text not null,
  record text not null,
  subject text,
  columns text[],
  actor text not null,
  recipient text not null check (btrim(recipient) <> ''),
  purpose text not null,
  -- Of the number and the code together; the code itself is stored nowhere.
  digest bytea not null check (octet_length(digest) = 32),
  made_at timestamptz not null default clock_timestamp(),
  valid_until timestamptz not null,
  may_open integer not null check (may_open between 1 and 100),
  opened integer not null default 0,
  failed integer not null default 0,
  revoked_at timestamptz
);
create index share_subject on wardkeep_audit.share (tenant, subject) where subject is not null;
comment on table wardkeep_audit.share is 'Records that were shared by a link: with whom, until when, how often opened. Read by definer functions only.';
alter table wardkeep_audit.share enable row level security;

create function wardkeep_audit.begin_share(c wardkeep.token, what jsonb, of_relation text, keys text[]) returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  s wardkeep_audit.share;
begin
  begin
    s.valid_until := (what ->> 'until')::timestamptz;
    s.may_open := coalesce((what ->> 'opens')::integer, 1);
    s.digest := decode(what ->> 'digest', 'hex');
    s.id := (what ->> 'id')::uuid;
  exception when data_exception then
    s.id := null;
  end;
  if s.id is null or cardinality(keys) <> 1 or coalesce(btrim(what ->> 'recipient'), '') = '' or length(what ->> 'recipient') > 200
     or octet_length(s.digest) is distinct from 32 or s.may_open not between 1 and 100
     or coalesce(s.valid_until not between clock_timestamp() and clock_timestamp() + interval '31 days', true) then
    raise exception 'a share is of one record, with a recipient, until a moment of the next 31 days, opened 1 to 100 times' using errcode = 'WK434';
  end if;
  select coalesce(h.branch, wardkeep_audit.one_branch(c)), h.record, h.subject into s.branch, s.record, s.subject
    from wardkeep_audit.handled(c, 'share', of_relation, keys) h;
  if s.record is null then
    raise exception 'the record is not there' using errcode = 'WK431';
  end if;
  s.columns := case when what ? 'columns' then array(select jsonb_array_elements_text(what -> 'columns')) end;
  insert into wardkeep_audit.share (id, tenant, branch, relation, record, subject, columns, actor, recipient, purpose, digest, valid_until, may_open)
  values (s.id, c.tenant, s.branch, of_relation, s.record, s.subject, s.columns, c.actor, what ->> 'recipient', c.purpose, s.digest, s.valid_until, s.may_open)
  returning * into s;
  insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, groups, detail)
  values (c.tenant, s.branch, c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), 'share', of_relation, s.record, s.subject,
    wardkeep_audit.handled_groups(of_relation, s.columns),
    json_build_object('phase', 'begun', 'share', s.id, 'recipient', s.recipient, 'until', s.valid_until, 'opens', s.may_open)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return jsonb_build_object('id', s.id, 'tenant', s.tenant, 'watermark', wardkeep_audit.watermark(s));
end
$$;
comment on function wardkeep_audit.begin_share(wardkeep.token, jsonb, text, text[]) is 'Internal: makes a share. Fails with WK431, WK434.';

create function wardkeep_audit.watermark(s wardkeep_audit.share) returns text
  language sql stable
  return 'For ' || s.recipient || ', for ' || s.purpose || ', from ' || s.actor || ', until '
    || to_char(s.valid_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC, no. ' || left(s.id::text, 8);
comment on function wardkeep_audit.watermark(wardkeep_audit.share) is 'Internal: what stands on each page that is shown.';

-- Never raises for a wrong code: what is counted must stay counted. All refusals look the same. What it is of is told once the opening
-- is committed, to who has its number: a transaction that was told could roll the opening back.
create function wardkeep_audit.open_share(of_share text, code text) returns text
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  s wardkeep_audit.share;
  number bigint := nextval('wardkeep_audit.event_id');
begin
  select x.* into s from wardkeep_audit.share x
   where x.id::text = of_share and x.tenant = c.tenant and (x.branch is null or x.branch = any (c.branches)) for update;
  if s.id is null or s.failed >= 5 or s.revoked_at is not null or s.valid_until <= clock_timestamp() or s.opened >= s.may_open
     or s.digest <> sha256(convert_to(s.id::text || ':' || coalesce(code, ''), 'UTF8')) then
    update wardkeep_audit.share x set failed = x.failed + 1 where x.id = s.id and x.failed < 5 and x.revoked_at is null;
    perform wardkeep_audit.note_denied(c, coalesce(s.relation, ''), 'WK432', 'share', 1);
    return null;
  end if;
  update wardkeep_audit.share x set opened = x.opened + 1 where x.id = s.id;
  insert into wardkeep_audit.event (id, tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, groups, detail)
  values (number, c.tenant, s.branch, c.actor, c.role, c.purpose, c.session_id, wardkeep.request_id(), 'share', s.relation, s.record, s.subject,
    wardkeep_audit.handled_groups(s.relation, s.columns),
    json_build_object('phase', 'opened', 'share', s.id, 'recipient', s.recipient, 'opened', s.opened + 1)::text);
  if not found then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  return pg_current_xact_id()::text || '-' || number;
end
$$;
comment on function wardkeep_audit.open_share(text, text) is
  'Opens a share for who has its code: each opening is counted and an event, whose number opened_share takes once it is committed; null otherwise, for whatever reason. Fails with WK1xx, WK461.';

create function wardkeep_audit.opened_share(opening text) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  c wardkeep.token := wardkeep.verified();
  s wardkeep_audit.share;
  of_share text;
  opened integer;
begin
  if opening !~ '^[0-9]{1,18}-[0-9]{1,18}$' then
    return null;
  end if;
  -- An event of another transaction that is seen here was committed.
  select e.detail::json ->> 'share', e.detail::json ->> 'opened' into of_share, opened from wardkeep_audit.event e
   where e.xid = split_part(opening, '-', 1)::xid8 and e.id = split_part(opening, '-', 2)::bigint and e.xid <> pg_current_xact_id()
     and e.tenant = c.tenant and e.session = c.session_id and e.verb = 'share' and e.detail::json ->> 'phase' = 'opened'
     and e.at > clock_timestamp() - interval '1 minute';
  select x.* into s from wardkeep_audit.share x where x.id::text = of_share;
  if s.id is null then
    return null;
  end if;
  return jsonb_build_object('relation', s.relation, 'record', s.record, 'columns', s.columns, 'recipient', s.recipient,
    'watermark', wardkeep_audit.watermark(s), 'left', s.may_open - opened);
end
$$;
comment on function wardkeep_audit.opened_share(text) is
  'What a share is of, to the session that opened it, for a minute after the opening was committed; null otherwise. Fails with WK1xx.';
