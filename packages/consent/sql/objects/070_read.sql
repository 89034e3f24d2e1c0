create function wardkeep_consent.history(of_subject text)
  returns table (id uuid, at timestamptz, kind text, purpose text, notice uuid, language text, by text, representation uuid, channel text,
    method text, evidence text, evidence_sha256 text, valid_until timestamptz, detail jsonb, actor text, role text, acting_for text, born date)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  me wardkeep.token := wardkeep.verified();
  held text[] := wardkeep.branches();
  key text := wardkeep_consent.spelled(of_subject);
begin
  if me.subjects is not null and coalesce(key <> all (me.subjects), true) then
    perform wardkeep_consent.refuse('no such person in the branches of this context');
  end if;
  if (select count(*) from wardkeep_consent.person(key)) > 1 then
    raise exception 'the key stands for a person in each of several branches' using errcode = 'WK106',
      hint = 'Narrow the context to one branch.';
  end if;
  return query
    select e.id, e.at, e.kind, e.of_purpose, e.notice, e.language, e.given_by, e.representation, e.channel, e.method, e.evidence,
           encode(e.evidence_sha256, 'hex'), e.valid_until, e.detail, e.actor, e.role, e.purpose, r.born
      from wardkeep_consent.of_person e join wardkeep_consent.reach r on r.tenant = e.tenant and r.branch = e.here and r.subject = e.subject
     where e.tenant = me.tenant and (e.here = '' or e.here = any (held)) and e.subject = key
     order by e.here, e.at;
end
$$;
comment on function wardkeep_consent.history(text) is
  'Everything the ledger holds about one person in the branches of the verified context, in order. Fails with WK1xx, WK503; with WK106 where the key is of several people.';

-- The audit log, where this database has one: the same transaction, so neither is without the other.
create function wardkeep_consent.to_audit_log() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('wardkeep_audit.event') is not null then
    insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, session, request, verb, relation, record, subject, detail)
    -- Only a restore writes without a context: this log is a new one, and learns what the old one knew from the restore.
    values (new.tenant, nullif(new.branch, ''),
      case when coalesce(current_setting('wardkeep.token', true), '') = '' then 'system:restore' else new.actor end, new.role, new.purpose, new.session_id, new.request, 'consent',
      'wardkeep_consent.event', new.id::text, new.subject, wardkeep_consent.as_proof(new));
    if not found then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end if;
  return null;
end
$$;
comment on function wardkeep_consent.to_audit_log() is 'Trigger: each event of the ledger is one of the audit log, with the SHA-256 of the notice that was read.';

create function wardkeep_consent.as_proof(e wardkeep_consent.event) returns text
  language sql stable set search_path = pg_catalog, pg_temp
  return json_strip_nulls(json_build_object('kind', e.kind, 'purpose', e.of_purpose,
    'at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'notice', (select n.code || ' ' || n.version from wardkeep_consent.notice n where n.id = e.notice), 'language', e.language,
    'noticeSha256', (select encode(t.sha256, 'hex') from wardkeep_consent.notice_text t where t.notice = e.notice and t.language = e.language),
    'by', e.given_by, 'representation', e.representation, 'channel', e.channel, 'method', e.method, 'evidence', e.evidence,
    'evidenceSha256', encode(e.evidence_sha256, 'hex'),
    'until', to_char(e.valid_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'detail', nullif(e.detail, '{}')))::text;
comment on function wardkeep_consent.as_proof(wardkeep_consent.event) is 'Internal: an event as the text that the audit log commits to.';

create trigger event_logged after insert on wardkeep_consent.event for each row execute function wardkeep_consent.to_audit_log();
