-- What else knows a person than the host's tables and the ledger: the audit log, and Wardkeep's own records of emergencies,
-- referrals, moves, assignments and open sessions.

-- A key that nobody else can have had: only its events are taken out of the log, which names no branch for some of them.
create function wardkeep_consent.unmistakable(of_subject text) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
  return of_subject ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
comment on function wardkeep_consent.unmistakable(text) is 'Internal: whether a key is a UUID, which is searched for as a text wherever it may be.';

create function wardkeep_consent.log_of(h wardkeep_consent.reach) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('wardkeep_audit.event') is null then
    return 'none';
  end if;
  if wardkeep_consent.unmistakable(h.subject) then
    return 'erased';
  end if;
  -- Who had the key before, or has it in the next branch, would go out of the log as well; so would somebody who is in the log only.
  if h.since > '-infinity' or exists (select from wardkeep_consent.reach r where r.tenant = h.tenant and r.subject = h.subject and r.branch <> h.branch)
     or exists (select from wardkeep_audit.event e where e.tenant = h.tenant and e.subject = h.subject and e.verb = 'delete'
       and e.relation = wardkeep_consent.people_table() and e.xid <> pg_current_xact_id()) then
    return 'key-of-several';
  end if;
  return 'erased';
end
$$;
comment on function wardkeep_consent.log_of(wardkeep_consent.reach) is
  'Internal: what becomes of a person in the audit log: erased, none where there is no log, key-of-several where the log cannot tell the person from another one.';

-- Deletes of this transaction whose events name nobody: rows that belonged to rows about the person.
create function wardkeep_consent.records_without_subject() returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('wardkeep_audit.event') is null then
    return '[]';
  end if;
  return coalesce((select jsonb_agg(distinct jsonb_build_array(e.relation, e.record, wardkeep_audit.numbered_in(e.record, e.branch))) from wardkeep_audit.event e
    where e.xid = pg_current_xact_id() and e.verb = 'delete' and e.subject is null and e.record is not null), '[]');
end
$$;
comment on function wardkeep_consent.records_without_subject() is 'Internal: what this transaction deleted, as far as its events in the audit log name nobody.';

create function wardkeep_consent.forget(of_request uuid) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  u wardkeep_consent.unverified;
  a wardkeep.assignment;
  gone text := 'destroyed ' || of_request;
  -- An emergency or an assignment names whom the caller said, in any spelling that the key's type takes; so do their events.
  spellings text[];
  spelling text;
  -- Asked of the log once, before an erasure takes away what says it.
  logged jsonb;
begin
  select v.* into u from wardkeep_consent.unverified v where v.request = of_request for update;
  if not found then
    perform wardkeep_consent.refuse_right('this destruction was certified already, or there was none');
  end if;
  -- Who got the key in another branch by a transaction that was open at the destruction: see require_free().
  if not wardkeep_consent.unmistakable(u.subject)
     and exists (select from wardkeep_consent.reach r where r.tenant = u.tenant and r.subject = u.subject) then
    update wardkeep_consent.unverified v set several = true where v.request = of_request;
  end if;
  if (wardkeep_consent.destroyed(of_request) ->> 'log') = 'key-of-several' then
    return u.erased;
  end if;
  select array_agg(distinct k.subject) into spellings from (
    select u.subject union all
    select h.subject from wardkeep.assignment h where h.tenant = u.tenant union all
    select b.subject from wardkeep.break_glass b where b.tenant = u.tenant) k
   where k.subject = u.subject or wardkeep_consent.spelled(k.subject) = u.subject;
  -- In the order of 195_turns.sql of @wardkeep/postgres.
  for a in select h.* from wardkeep.assignment h where h.tenant = u.tenant and h.subject = any (spellings) order by h.actor, h.id loop
    perform wardkeep.alone(a.actor, a.tenant);
    perform wardkeep.revoke_one(a.id, session_user, 'the person was destroyed');
    update wardkeep.assignment h set subject = gone where h.id = a.id;
  end loop;
  update wardkeep.break_glass b
     set subject = gone, explanation = gone, review_note = case when b.review_note is not null then gone end
   where b.tenant = u.tenant and b.subject = any (spellings);
  update wardkeep.referral r set subject = gone, end_reason = case when r.end_reason is not null then gone end
   where r.tenant = u.tenant and r.subject = u.subject;
  update wardkeep.move m set subject = gone, reason = gone where m.tenant = u.tenant and m.subject = u.subject;
  delete from wardkeep.token t where t.tenant = u.tenant and t.subjects && spellings;
  if to_regclass('wardkeep_audit.event') is not null then
    logged := wardkeep_audit.logged_records(u.tenant, u.subject, u.records);
    foreach spelling in array spellings loop
      update wardkeep_consent.unverified v
         set erased = v.erased + wardkeep_audit.erase_person(u.tenant, spelling, 'erasure ' || of_request, logged)
       where v.request = of_request returning v.* into u;
    end loop;
  end if;
  return u.erased;
end
$$;
comment on function wardkeep_consent.forget(uuid) is
  'For the owner: takes a destroyed person out of the audit log''s sealed events and out of Wardkeep''s own records. Returns from how many events so far. Fails with WK409, WK440, WK444, WK560.';
