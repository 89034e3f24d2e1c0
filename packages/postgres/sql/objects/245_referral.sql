-- Like an emergency (243_break_glass.sql) a referral is declared by the application's login and opened by the issuer's. What
-- differs: the branch of the person decides, the other branch opens, and every event is of both.
create function wardkeep.note_crossing(me wardkeep.token, branches text[], verb text, relation text, record text, subject text, detail jsonb) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep.activity (kind, actor, tenant, detail)
  values (relation || '_' || verb, me.actor, me.tenant, detail || jsonb_build_object(relation, record, 'branches', branches));
  if to_regproc('wardkeep_audit.record_crossing') is not null then
    perform wardkeep_audit.record_crossing(me, branches, verb, 'wardkeep.' || relation, record, subject, detail);
  end if;
end
$$;
comment on function wardkeep.note_crossing(wardkeep.token, text[], text, text, text, text, jsonb) is
  'Internal: writes what crossed as a line of activity and, where there is an audit log, as an event of each branch.';

create function wardkeep.authority_to_cross(roles jsonb, refusal text, code text) returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
begin
  if me.subjects is not null or not coalesce(roles ? me.role, false)
     or not exists (select from wardkeep.session s where s.id = me.session_id and s.kind = 'person') then
    raise exception '%', refusal using errcode = code;
  end if;
  return me;
end
$$;
comment on function wardkeep.authority_to_cross(jsonb, text, text) is
  'Internal: the token in force, if it belongs to a person, is of one of the roles and confined to nobody. Fails with WK1xx, or the given code and words.';

create function wardkeep.refer(for_subject text, from_branch text, to_branch text, records text[], until timestamptz, basis text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.crossings -> 'referral' from wardkeep.policy_rule r);
  me wardkeep.token := wardkeep.authority_to_cross(rule -> 'from', 'this role may not refer', 'WK230');
  there boolean;
  made uuid;
begin
  perform wardkeep.require_read_committed();
  if not coalesce(from_branch = any (wardkeep.branches()), false) then
    raise exception 'a person is referred in a context of their own branch' using errcode = 'WK230';
  end if;
  if not exists (select from wardkeep.known_branch k where k.branch = to_branch and k.tenant = me.tenant and k.branch <> from_branch) then
    raise exception 'a referral goes to another branch of the same tenant' using errcode = 'WK230',
      hint = 'Between tenants nothing is referred: hand over a copy, and record the disclosure.';
  end if;
  if not coalesce(cardinality(records) > 0 and array_position(records, null) is null
     and rule -> 'tables' @> to_jsonb(records), false) then
    raise exception 'a referral names tables that the role % reads, and no others', rule ->> 'role' using errcode = 'WK230';
  end if;
  if not coalesce(rule -> 'bases' ? basis, false) then
    raise exception 'a referral needs a basis of the policy file' using errcode = 'WK230';
  end if;
  if not coalesce(until > clock_timestamp() and until <= clock_timestamp() + make_interval(secs => (rule ->> 'longest')::double precision), false) then
    raise exception 'a referral ends in time, and no later than the policy file says' using errcode = 'WK230';
  end if;
  -- Under the fence of the caller's context: whoever is of another branch is not there.
  execute format('select %I.wk_is_person($1, $2)', rule ->> 'schema') using from_branch, for_subject into there;
  if not coalesce(there, false) then
    raise exception 'there is no such person in the branch' using errcode = 'WK230';
  end if;
  if not wardkeep.tenant_kept(me.tenant) then
    raise exception 'the tenant is unknown' using errcode = 'WK230';
  end if;
  -- Behind the wait, as in 240_assign.sql.
  me := wardkeep.authority_to_cross(rule -> 'from', 'this role may not refer', 'WK230');
  insert into wardkeep.referral as r (tenant, from_branch, to_branch, subject, records, basis, referred_by, referred_as, session_id, valid_until)
  values (me.tenant, from_branch, to_branch, for_subject, array(select distinct t from unnest(records) t order by 1), basis, me.actor, me.role, me.session_id, until)
  returning r.id into made;
  perform wardkeep.note_crossing(me, array[from_branch, to_branch], 'create', 'referral', made::text, for_subject,
    jsonb_build_object('records', records, 'basis', basis, 'until', until));
  return made;
end
$$;
comment on function wardkeep.refer(text, text, text, text[], timestamptz, text) is
  'Records a referral: one person of a branch of the context, to another branch of the tenant, the named tables, until then. Shows nothing by itself. Fails with WK1xx, WK009, WK230.';

create function wardkeep.withdraw_referral(referral uuid, reason text) returns void
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  rule jsonb := (select r.crossings -> 'referral' from wardkeep.policy_rule r);
  me wardkeep.token;
  ended wardkeep.referral;
  behind boolean;
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(reason), '') = '' then
    raise exception 'withdrawing needs a reason' using errcode = 'WK230';
  end if;
  -- Before the locks and again behind all of them, as in 240_assign.sql.
  foreach behind in array '{false,true}'::boolean[] loop
    me := wardkeep.authority_to_cross(rule -> 'from', 'this role may not withdraw a referral', 'WK230');
    select r.* into ended from wardkeep.referral r
     where r.id = withdraw_referral.referral and r.tenant = me.tenant and r.from_branch = any (wardkeep.branches()) and r.ended_at is null;
    if not found then
      raise exception 'there is no open referral of this id from a branch of the context' using errcode = 'WK230';
    end if;
    exit when behind;
    perform from wardkeep.referral r where r.id = ended.id for update;
    perform from wardkeep.token t where t.referral = ended.id order by t.digest for update;
  end loop;
  update wardkeep.referral r set ended_at = clock_timestamp(), ended_by = me.actor, end_reason = reason where r.id = ended.id;
  delete from wardkeep.token t where t.referral = ended.id;
  perform wardkeep.note_crossing(me, array[ended.from_branch, ended.to_branch], 'delete', 'referral', ended.id::text, ended.subject,
    jsonb_build_object('reason', reason));
end
$$;
comment on function wardkeep.withdraw_referral(uuid, text) is
  'Ends a referral from a branch of the context; holds on the next statement of whoever opened it. Fails with WK1xx, WK009, WK230.';

create function wardkeep.list_referrals() returns setof wardkeep.referral
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
  rule jsonb := (select r.crossings -> 'referral' from wardkeep.policy_rule r);
  held text[] := wardkeep.branches();
begin
  if me.subjects is not null or not coalesce(rule -> 'from' ? me.role or rule -> 'to' ? me.role, false) then
    raise exception 'this role sees no referrals' using errcode = 'WK230';
  end if;
  return query select r.* from wardkeep.referral r
    where r.tenant = me.tenant and ((rule -> 'from' ? me.role and r.from_branch = any (held)) or (rule -> 'to' ? me.role and r.to_branch = any (held)))
    order by r.referred_at, r.id;
end
$$;
comment on function wardkeep.list_referrals() is
  'Referrals from and to the branches of the context, ended ones too, as far as the role refers or opens them. Fails with WK1xx, WK230.';
