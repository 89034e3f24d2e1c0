-- What people ask for under sections 11 to 14 of the DPDP Act, and what became of it. The state of a request is the list of
-- its events; `request` is the id of the one that opened it.
create table wardkeep_consent.rights_event (
  id uuid primary key default gen_random_uuid(),
  at timestamptz not null default clock_timestamp(),
  tenant text not null check (tenant <> ''),
  branch text not null,
  -- Empty once the person was destroyed.
  subject text not null,
  request uuid not null,
  kind text not null check (kind in ('opened', 'identified', 'decided', 'answered', 'held', 'hold_released', 'disclosed', 'destroyed', 'verified')),
  asked text check (asked in ('access', 'correction', 'erasure', 'grievance', 'nomination')),
  due_at timestamptz,
  destroy_after timestamptz,
  detail jsonb not null default '{}',
  actor text not null check (actor <> ''),
  role text not null,
  purpose text not null,
  session_id uuid not null,
  check ((kind = 'opened') = (asked is not null and due_at is not null)),
  check (kind <> 'opened' or request = id)
);
comment on table wardkeep_consent.rights_event is
  'Requests of people about their data, legal holds and disclosures: one row for one act. Written by functions only; nobody is granted anything on it.';
create unique index rights_once on wardkeep_consent.rights_event (request, kind) where kind not in ('answered', 'disclosed');
create index rights_of on wardkeep_consent.rights_event (tenant, branch, subject);

-- The one way out: what is older than the recorded destruction of the person.
create function wardkeep_consent.keep_unless_destroyed() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and exists (select from wardkeep_consent.rights_event r
       where r.kind = 'destroyed' and r.tenant = old.tenant and r.subject = '' and r.at >= old.at
         and r.detail ->> 'subject_sha256' in (
           select encode(sha256(convert_to((r.detail ->> 'salt') || p.branch || ' ' || old.subject, 'UTF8')), 'hex') from (
             select old.branch union all
             select c.branch from wardkeep_consent.carried c where c.tenant = old.tenant and c.subject = old.subject
                and c.was_branch = old.branch and old.at between c.after and c.upto) p)) then
    return old;
  end if;
  raise exception '% is a record: rows are added, never changed or removed', tg_table_name using errcode = '42501';
end
$$;
comment on function wardkeep_consent.keep_unless_destroyed() is
  'Trigger: what was recorded stays, until the destruction of the person is recorded.';

create trigger carried_kept before update or delete on wardkeep_consent.carried for each row execute function wardkeep_consent.keep_unless_destroyed();
create trigger carried_emptied before truncate on wardkeep_consent.carried for each statement execute function wardkeep_consent.keep();
create trigger rights_kept before update or delete on wardkeep_consent.rights_event for each row execute function wardkeep_consent.keep_unless_destroyed();
create trigger rights_emptied before truncate on wardkeep_consent.rights_event for each statement execute function wardkeep_consent.keep();
drop trigger event_kept on wardkeep_consent.event;
create trigger event_kept before update or delete on wardkeep_consent.event for each row execute function wardkeep_consent.keep_unless_destroyed();

alter table wardkeep_consent.rights_event enable row level security;

create view wardkeep_consent.right_of_person as
  select e.branch as here, e.*
    from wardkeep_consent.rights_event e
    left join wardkeep_consent.reach r on r.tenant = e.tenant and r.branch = e.branch and r.subject = e.subject
   where e.at >= coalesce(r.since, '-infinity')
  union all
  select r.branch, e.*
    from wardkeep_consent.reach r
    join wardkeep_consent.carried c on c.tenant = r.tenant and c.branch = r.branch and c.subject = r.subject and c.at >= r.since
    join wardkeep_consent.rights_event e on e.tenant = c.tenant and e.branch = c.was_branch and e.subject = c.subject and e.at between c.after and c.upto;
comment on view wardkeep_consent.right_of_person is 'As of_person, for what people ask for and what became of it.';

create function wardkeep_consent.refuse_right(what text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '%', what using errcode = 'WK560', hint = 'Nothing was recorded, and what was recorded before stays.';
end
$$;
comment on function wardkeep_consent.refuse_right(text) is 'Internal: raises WK560; never returns.';

create function wardkeep_consent.add_right(e wardkeep_consent.rights_event) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  -- In step with the ledger's events: whoever has this key later does not inherit it.
  update wardkeep_consent.reach h set last_at = greatest(clock_timestamp(), h.last_at + interval '1 microsecond', h.since + interval '1 microsecond')
   where h.tenant = e.tenant and h.branch = e.branch and h.subject = e.subject returning h.last_at into e.at;
  insert into wardkeep_consent.rights_event (id, at, tenant, branch, subject, request, kind, asked, due_at, destroy_after, detail, actor, role, purpose, session_id)
  values (e.id, coalesce(e.at, clock_timestamp()), e.tenant, e.branch, e.subject, e.request, e.kind, e.asked, e.due_at, e.destroy_after, e.detail, me.actor, me.role, me.purpose, me.session_id);
  return e.id;
exception when unique_violation then
  perform wardkeep_consent.refuse_right('this was recorded of the request already');
end
$$;
comment on function wardkeep_consent.add_right(wardkeep_consent.rights_event) is
  'Internal: adds one event of a request; who and when come from the verified context and the server.';

-- What is said of a person goes to the audit log too; only the kind, as the log outlives the person.
create function wardkeep_consent.rights_to_audit_log() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('wardkeep_audit.event') is not null then
    insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, verb, relation, record, subject, detail)
    values (new.tenant, nullif(new.branch, ''),
      case when coalesce(current_setting('wardkeep.token', true), '') = '' then 'system:restore' else new.actor end, new.role,
      new.purpose, new.session_id, 'rights', 'wardkeep_consent.rights_event', new.id::text, nullif(new.subject, ''),
      json_strip_nulls(json_build_object('kind', new.kind, 'asked', new.asked, 'request', new.request,
        'outcome', new.detail ->> 'outcome', 'reason', new.detail ->> 'reason', 'sha256', new.detail ->> 'sha256'))::text);
    if not found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end if;
  return null;
end
$$;
comment on function wardkeep_consent.rights_to_audit_log() is 'Trigger: each act on a request is an event of the audit log, without what was written in it.';
create trigger rights_logged after insert on wardkeep_consent.rights_event for each row execute function wardkeep_consent.rights_to_audit_log();
