-- A row that is filed to somebody else was one person's before and is another's since: each is erased without the other.
-- Here is what an event told that is closed because one of the two was erased: by it the other's erasure finds the row.
create table wardkeep_audit.refiled (
  event bigint primary key,
  tenant text not null,
  relation text not null,
  parent text not null,
  record text not null,
  branch text,
  -- The rows that it belonged to before the event and after it; empty where no event is left of that.
  was text,
  became text,
  check (was <> '' or became <> '')
);
comment on table wardkeep_audit.refiled is
  'To whom rows belonged, as closed events told, while an event of others names the row. Written by functions of the owner only; nobody is granted anything on it.';
alter table wardkeep_audit.refiled enable row level security;

create function wardkeep_audit.tellings(of_tenant text, of_relation text, by_column text)
  returns table (id bigint, record text, branch text, was text, became text)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select e.id, e.record, e.branch, case when t.told then t.pair ->> 0 else e.subject end, case when t.told then t.pair ->> 1 else e.subject end
    from wardkeep_audit.event e
    cross join lateral (select e.detail::jsonb -> by_column as pair, coalesce(jsonb_typeof(e.detail::jsonb -> by_column) = 'array', false) as told) t
   where e.tenant = of_tenant and e.relation = of_relation and e.record is not null and e.verb in ('create', 'update', 'delete')
     and (t.told or e.subject is not null)
  union all
  select f.event, f.record, f.branch, f.was, f.became from wardkeep_audit.refiled f where f.tenant = of_tenant and f.relation = of_relation;
$$;
comment on function wardkeep_audit.tellings(text, text, text) is
  'Internal: what the log tells of to whom rows of a table belonged, by the column that says it, before each event and after it.';

-- `owners`: as logged_records() returns them. `whole`: records of which it is known that they were the person's at last.
create function wardkeep_audit.belonged(of_tenant text, of_relation text, by_column text, owners jsonb, whole jsonb)
  returns table (record text, branch text, ids int8multirange)
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  with told as materialized (
    select t.*, wardkeep_audit.numbered_in(t.record, t.branch) as part from wardkeep_audit.tellings(of_tenant, of_relation, by_column) t
  ), known as (
    select r.value ->> 1 as record, r.value ->> 2 as part from jsonb_array_elements(whole) r where r.value ->> 0 = of_relation
  ), owner as materialized (
    select r.value ->> 1 as key, r.value ->> 2 as branch, coalesce((r.value ->> 3)::int8multirange, '{(,)}') as ids, null::text as record
      from jsonb_array_elements(owners) r
    union all
    (select distinct on (t.record, t.part) coalesce(t.became, t.was), t.part, '{(,)}', t.record
      from told t join known k on k.record = t.record and k.part is not distinct from t.part order by t.record, t.part, t.id desc)
  ), about as (
    select distinct t.record, t.part from told t
      join owner o on o.key in (t.was, t.became) and coalesce(o.branch = t.branch, true) and coalesce(o.record = t.record, true)
  ), turns as (
    select t.*, lag(t.id) over w is null as is_first, lag(t.became) over w as had_become, lead(t.id) over w as next, lead(t.was) over w as next_was, lead(t.became) over w as next_became
      from told t join about a on a.record = t.record and a.part is not distinct from t.part
    window w as (partition by t.record, t.part order by t.id)
  ), spans as (
    -- Before the first: what it was, or what it was made as. The event itself tells of both. Then what it became, until the next says otherwise.
    -- A row that became another person's is two events, of the one and of the other, in either order.
    select record, part, branch, coalesce(was, became) as key, int8range(null, id, '()') as ids from turns where is_first
    union all
    select record, part, branch, k.key, int8range(id, id, '[]') from turns cross join lateral (values (was), (became)) k(key)
    union all
    select record, part, branch, k.key, int8range(id, next, '()')
      from turns cross join lateral (select coalesce(became, next_was) is null as is_gone) g
      cross join lateral (values (became), (next_was), (case when is_gone then coalesce(had_become, was) end), (case when is_gone then next_became end)) k(key)
  )
  select s.record, s.part, range_agg(int8multirange(s.ids) * o.ids)
    from spans s join owner o on o.key = s.key and coalesce(o.branch = s.branch, true) and coalesce(o.record = s.record, true)
   group by s.record, s.part having not isempty(range_agg(int8multirange(s.ids) * o.ids));
$$;
comment on function wardkeep_audit.belonged(text, text, text, jsonb, jsonb) is
  'Internal: rows of a table that belonged to one of the owners, each with the numbers of the events between which it did.';

-- Events of a row that belongs to another one name nobody: the log itself says what it belonged to, as far as it tells. Parents first.
create function wardkeep_audit.logged_records(of_tenant text, of_subject text, known jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  found_records jsonb := known;
  more jsonb;
  b record;
begin
  for b in select distinct r.parent, r.parent_subject from wardkeep_audit.belonging() r where r.parent_subject is not null loop
    found_records := found_records || coalesce((select jsonb_agg(jsonb_build_array(b.parent, r.record, r.branch, r.ids::text, true))
      from wardkeep_audit.belonged(of_tenant, b.parent, b.parent_subject, jsonb_build_array(jsonb_build_array(null, of_subject, null, null)), '[]') r), '[]');
  end loop;
  for b in select * from wardkeep_audit.belonging() loop
    select coalesce(jsonb_agg(jsonb_build_array(b.child, r.record, r.branch, r.ids::text)), '[]') into more
      from wardkeep_audit.belonged(of_tenant, b.child, b.by_column,
        (select coalesce(jsonb_agg(o.value), '[]') from jsonb_array_elements(found_records) o where o.value ->> 0 = b.parent), known) r;
    -- Of what the log tells, it tells better.
    select coalesce(jsonb_agg(r.value), '[]') || more into found_records from jsonb_array_elements(found_records) r
     where not exists (select from jsonb_array_elements(more) m where m.value - 3 = r.value);
  end loop;
  return found_records;
end
$$;
comment on function wardkeep_audit.logged_records(text, text, jsonb) is
  'Internal: records that belonged to rows about a person, as table, record, branch and the numbers of the events between which they did, as the audit log tells it, beside those that are known; with true the rows about the person themselves, whose events say so.';

create function wardkeep_audit.keep_refiled(xids xid8[], events bigint[]) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep_audit.refiled (event, tenant, relation, parent, record, branch, was, became)
  select e.id, e.tenant, e.relation, b.parent, e.record, e.branch, e.detail::jsonb -> b.by_column ->> 0, e.detail::jsonb -> b.by_column ->> 1
    from unnest(xids, events) a(xid, id) join wardkeep_audit.event e on e.xid = a.xid and e.id = a.id join wardkeep_audit.belonging() b on b.child = e.relation
   where e.record is not null and e.verb in ('create', 'update', 'delete') and jsonb_typeof(e.detail::jsonb -> b.by_column) = 'array'
  -- Where an event came back from a backup, what was kept of it is here already.
  on conflict (event) do nothing;
end
$$;
comment on function wardkeep_audit.keep_refiled(xid8[], bigint[]) is 'Internal: before events are closed, keeps what they told of to whom rows belonged.';

create function wardkeep_audit.forget_refiled(of_tenant text) returns void
  language sql volatile set search_path = pg_catalog, pg_temp
as $$
  with named as materialized (
    select distinct e.relation, e.record, wardkeep_audit.numbered_in(e.record, e.branch) as part from wardkeep_audit.event e
     where e.tenant = of_tenant and e.record is not null and exists (select from wardkeep_audit.refiled f where f.tenant = of_tenant and e.relation in (f.relation, f.parent))
  ), left_over as (
    select f.event, bool_or(n.relation = f.relation and n.record = f.record) as has_row,
           bool_or(n.relation = f.parent and n.record = f.was) as has_was, bool_or(n.relation = f.parent and n.record = f.became) as has_became
      from wardkeep_audit.refiled f left join named n on coalesce(n.part = f.branch, true) and (n.relation, n.record) in ((f.relation, f.record), (f.parent, f.was), (f.parent, f.became))
     where f.tenant = of_tenant group by f.event
  ), gone as (
    delete from wardkeep_audit.refiled f using left_over o
     where f.event = o.event and (o.has_row is not true or o.has_was is not true and o.has_became is not true) returning f.event
  )
  update wardkeep_audit.refiled f
     set was = case when f.was is not null and o.has_was is not true then '' else f.was end,
         became = case when f.became is not null and o.has_became is not true then '' else f.became end
    from left_over o where f.event = o.event and o.has_row and (o.has_was or o.has_became);
$$;
comment on function wardkeep_audit.forget_refiled(text) is
  'Internal: after events were closed or dropped, forgets what was kept of rows, and of what they belonged to, that no event names any more.';
