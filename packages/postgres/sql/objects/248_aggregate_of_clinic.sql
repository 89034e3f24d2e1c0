-- A clinic agrees, is counted under its own context, and withdraws. Nothing here is read over clinics.
create function wardkeep.aggregate_definition(of_aggregate text) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp
  return (select r.aggregates -> 'figures' -> of_aggregate from wardkeep.policy_rule r);
comment on function wardkeep.aggregate_definition(text) is 'Internal: the figures of this name as the policy in force declares them, or null.';

create function wardkeep.aggregate_authority() returns wardkeep.token
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.authority_to_cross((select r.aggregates -> 'agreedBy' from wardkeep.policy_rule r),
    'this role does not decide about aggregates', 'WK250');
begin
  if not wardkeep.support_is_theirs(me, null) then
    raise exception 'what is counted is of every branch, and this context does not hold them all' using errcode = 'WK250';
  end if;
  return me;
end
$$;
comment on function wardkeep.aggregate_authority() is
  'Internal: the token in force, if its role decides about aggregates and it holds every branch of its clinic. Fails with WK1xx, WK250.';

create function wardkeep.end_agreement(in_tenant text, of_aggregate text, by_actor text, why text) returns uuid
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  ended uuid;
begin
  update wardkeep.aggregate_agreement a set ended_at = clock_timestamp(), ended_by = by_actor, end_reason = why
   where a.tenant = in_tenant and a.aggregate = of_aggregate and a.ended_at is null returning a.id into ended;
  -- Released ones stay: that is what the clinic can see was published.
  delete from wardkeep.aggregate_contribution c where c.tenant = in_tenant and c.aggregate = of_aggregate and c.release is null;
  return ended;
end
$$;
comment on function wardkeep.end_agreement(text, text, text, text) is
  'Internal: ends what a clinic agreed to and takes back what was not released; null where there was nothing.';

create function wardkeep.agree_to_aggregate(of_aggregate text) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.aggregate_authority();
  wanted jsonb := wardkeep.aggregate_definition(of_aggregate);
  made uuid;
begin
  perform wardkeep.require_read_committed();
  if wanted is null then
    raise exception 'the policy file publishes nothing of that name' using errcode = 'WK250';
  end if;
  perform wardkeep.tenant_alone(me.tenant);
  me := wardkeep.aggregate_authority();
  select a.id into made from wardkeep.aggregate_agreement a
   where a.tenant = me.tenant and a.aggregate = of_aggregate and a.ended_at is null and a.definition = wanted;
  if made is not null then
    return made;
  end if;
  perform wardkeep.end_agreement(me.tenant, of_aggregate, me.actor, 'the figures changed, and were agreed to again');
  insert into wardkeep.aggregate_agreement as a (tenant, aggregate, definition, agreed_by, agreed_as)
  values (me.tenant, of_aggregate, wanted, me.actor, me.role) returning a.id into made;
  perform wardkeep.note_crossing(me, array[null]::text[], 'create', 'aggregate_agreement', made::text, null,
    jsonb_build_object('aggregate', of_aggregate, 'definition', wanted));
  return made;
end
$$;
comment on function wardkeep.agree_to_aggregate(text) is
  'The clinic of the context agrees to be counted for these figures, as they are declared now. Fails with WK009, WK1xx, WK250.';

create function wardkeep.withdraw_from_aggregate(of_aggregate text, reason text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.aggregate_authority();
  ended uuid;
begin
  perform wardkeep.require_read_committed();
  if coalesce(btrim(reason), '') = '' then
    raise exception 'withdrawing needs a reason' using errcode = 'WK250';
  end if;
  perform wardkeep.tenant_alone(me.tenant);
  me := wardkeep.aggregate_authority();
  ended := wardkeep.end_agreement(me.tenant, of_aggregate, me.actor, reason);
  if ended is null then
    return false;
  end if;
  perform wardkeep.note_crossing(me, array[null]::text[], 'delete', 'aggregate_agreement', ended::text, null,
    jsonb_build_object('aggregate', of_aggregate, 'reason', reason));
  return true;
end
$$;
comment on function wardkeep.withdraw_from_aggregate(text, text) is
  'The clinic of the context is counted no more, and what was not released is taken back; false where it had not agreed. Fails with WK009, WK1xx, WK250.';

create function wardkeep.list_aggregate_agreements() returns setof wardkeep.aggregate_agreement
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.aggregate_authority();
begin
  return query select a.* from wardkeep.aggregate_agreement a where a.tenant = me.tenant order by a.agreed_at, a.id;
end
$$;
comment on function wardkeep.list_aggregate_agreements() is 'What the clinic of the context agreed to, also what is over. Fails with WK1xx, WK250.';

-- Whether, not what: a clinic that knows its own part would take it from the figure and have the rest.
create function wardkeep.list_aggregate_contributions()
  returns table (aggregate text, month date, cell text, persons bigint, value numeric, counted_at timestamptz, released_at timestamptz, published boolean)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.aggregate_authority();
begin
  return query select c.aggregate, c.month, c.cell, c.persons, c.value, c.counted_at, r.released_at, f.value is not null
    from wardkeep.aggregate_contribution c left join wardkeep.aggregate_release r on r.id = c.release
    left join wardkeep.aggregate_figure f on f.release = c.release and f.cell = c.cell
   where c.tenant = me.tenant order by c.aggregate, c.month, c.cell;
end
$$;
comment on function wardkeep.list_aggregate_contributions() is
  'What was counted of the clinic of the context, and whether the figure it went into was published. Fails with WK1xx, WK250.';
