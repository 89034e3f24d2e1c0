create function wardkeep_audit.drops() returns table (tenant text, month text, n integer, leaves text, event bigint, is_sealed boolean)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select e.tenant, e.detail::json ->> 'month', e.n, e.detail::json ->> 'leaves', e.id, exists (select from wardkeep_audit.leaf l where l.event = e.id)
    from wardkeep_audit.event e where e.verb = 'retention' and e.detail like '{"phase":"begun"%'
$$;
comment on function wardkeep_audit.drops() is 'Internal: the months that somebody began to drop, with the leaves that each tenant''s log had of them.';
create function wardkeep_audit.events_of_month(month text) returns table (tenant text, n bigint)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select e.tenant, count(*) from wardkeep_audit.month_span(month) span(w) join wardkeep_audit.event e on e.at >= lower(w) and e.at < upper(w) and not wardkeep_audit.outlives(e.verb) group by 1
$$;
comment on function wardkeep_audit.events_of_month(text) is 'Internal: how many events of a month would be dropped, of each tenant.';

-- Everything that takes time is done before writers wait, and what has changed since is asked once they do.
create function wardkeep_audit.finish_drop(month text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
  span tstzrange := wardkeep_audit.month_span(month);
  part text := 'wardkeep_audit.event_' || replace(month, '-', '_');
  seen pg_snapshot := pg_current_snapshot();
  holds uuid[];
  counted jsonb;
  kept wardkeep_audit.event[];
  dropped integer;
  told bigint;
begin
  if not exists (select from wardkeep_audit.drops() d where d.month = finish_drop.month) or exists (select from wardkeep_audit.drops() d where d.month = finish_drop.month and not d.is_sealed) then
    raise exception 'that % is dropped is not sealed yet', month using errcode = 'WK442', hint = 'Run `wardkeep audit seal`, then drop again; nothing was dropped.';
  end if;
  perform wardkeep.require_read_committed();
  holds := array(select o.id from wardkeep_audit.open_holds() o);
  perform wardkeep_audit.refuse_held_month(month);
  select coalesce(jsonb_object_agg(m.tenant, m.n), '{}') into counted from wardkeep_audit.events_of_month(month) m;
  -- What is written with a time of that month after it was counted has no part in what was sealed.
  if exists (select from jsonb_each_text(counted) c where not exists (select from wardkeep_audit.drops() d where d.month = finish_drop.month and d.tenant = c.key and d.n = c.value::bigint)) then
    perform wardkeep_audit.refuse_other_events(month);
  end if;
  -- The log's other months are not touched. Two seconds for all of them, in which writers wait behind this one; nothing waits for a lock after that.
  perform wardkeep_audit.lock_within(2000, 'access exclusive', array['wardkeep_audit.event', part, 'wardkeep_audit.event_other']);
  perform wardkeep_audit.lock_within(1000, 'share', array['wardkeep_audit.hold']);
  if exists (select from wardkeep_audit.open_holds() o where o.id <> all (holds)) then
    perform wardkeep_audit.refuse_held_month(month);
  end if;
  if exists (select from wardkeep_audit.event e where e.at >= lower(span) and e.at < upper(span)
       and e.xid >= pg_snapshot_xmin(seen) and not pg_visible_in_snapshot(e.xid, seen)) then
    perform wardkeep_audit.refuse_other_events(month);
  end if;
  kept := array(select e from wardkeep_audit.event e where e.at >= lower(span) and e.at < upper(span) and wardkeep_audit.outlives(e.verb));
  insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
  select c.key, 'audit:' || session_user, 'owner', 'retention', 'retention', 'wardkeep_audit.event', c.value::integer, concat('{"phase":"completed","month":', to_json(month), '}')
    from jsonb_each_text(counted) c;
  get diagnostics told = row_count;
  if told < (select count(*) from jsonb_each_text(counted)) then
    perform wardkeep_audit.refuse_unwritten();
  end if;
  select coalesce(sum(c.value::integer), 0) into dropped from jsonb_each_text(counted) c;
  if to_regclass(part) is not null then
    execute 'drop table ' || part;
    insert into wardkeep_audit.event select k.* from unnest(kept) k;
    get diagnostics told = row_count;
    if told < cardinality(kept) then
      perform wardkeep_audit.refuse_unwritten();
    end if;
  end if;
  delete from wardkeep_audit.event_other e where e.at >= lower(span) and e.at < upper(span) and not wardkeep_audit.outlives(e.verb);
  return dropped;
end
$$;
comment on function wardkeep_audit.finish_drop(text) is
  'Second step: drops a month whose first step is sealed. Writers wait for it, at most for three seconds before it begins. Returns how many events. For the owner. Fails with WK440, WK442, WK443, WK444.';

create function wardkeep_audit.refuse_other_events(month text) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'other events of % are there than were counted', month using errcode = 'WK443', hint = 'Nothing was dropped. Drop it anew; look for a clock that ran backwards.';
end
$$;
comment on function wardkeep_audit.refuse_other_events(text) is 'Internal: fails with WK443.';

create function wardkeep_audit.forget_dropped(month text) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten integer;
begin
  with gone as materialized (
    select l.log, l.index from wardkeep_audit.drops() d
      join wardkeep_audit.log g on g.tenant = d.tenant
      cross join lateral jsonb_array_elements(d.leaves::jsonb) r
      join wardkeep_audit.leaf l on l.log = g.id and l.index between (r ->> 0)::bigint and (r ->> 1)::bigint
     where d.month = forget_dropped.month and not exists (select from wardkeep_audit.event e where e.xid = l.xid and e.id = l.event)
  ), closed as (
    delete from wardkeep_audit.erased x using gone o where x.log = o.log and x.index = o.index
  )
  update wardkeep_audit.leaf l set seed = null from gone o where l.log = o.log and l.index = o.index and l.seed is not null;
  get diagnostics forgotten = row_count;
  perform wardkeep_audit.forget_refiled(d.tenant) from wardkeep_audit.drops() d where d.month = forget_dropped.month;
  return forgotten;
end
$$;
comment on function wardkeep_audit.forget_dropped(text) is
  'Last step, which makes nobody wait: without their seeds nothing that was in the dropped events can be found by trying. For the owner.';
