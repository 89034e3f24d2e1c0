-- Counted as the owner, clinic by clinic, under the fence of the service's own context: no definer sees rows of two clinics.
create function wardkeep.month_is_over(month date) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
  return coalesce(month = date_trunc('month', month::timestamp) and month > date '1900-01-01'
    and month + interval '1 month' <= clock_timestamp() at time zone 'UTC', false);
comment on function wardkeep.month_is_over(date) is 'Internal: whether it is the first of a month that is over everywhere it is counted, in UTC.';

create function wardkeep.contribute(of_aggregate text, of_month date) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified_now();
  rule jsonb := (select r.aggregates from wardkeep.policy_rule r);
  wanted jsonb := wardkeep.aggregate_definition(of_aggregate);
  agreed uuid;
  cells integer;
begin
  perform wardkeep.require_read_committed();
  if wanted is null or me.role is distinct from rule ->> 'service'
     or not exists (select from wardkeep.session s where s.id = me.session_id and s.kind = 'service') then
    raise exception 'this is not the service that counts these figures' using errcode = 'WK251';
  end if;
  if not wardkeep.support_is_theirs(me, null) or coalesce(current_setting('wardkeep.branch', true), '') <> '' then
    raise exception 'a clinic is counted over every branch of it' using errcode = 'WK251';
  end if;
  if not wardkeep.month_is_over(of_month) then
    raise exception 'a month is counted when it is over; write its first day' using errcode = 'WK251';
  end if;
  perform wardkeep.tenant_kept(me.tenant);
  -- Withdrawing waits for what is being counted, and then takes it back.
  select a.id into agreed from wardkeep.aggregate_agreement a
   where a.tenant = me.tenant and a.aggregate = of_aggregate and a.ended_at is null and a.definition = wanted for share;
  if agreed is null then
    return 0;
  end if;
  lock table wardkeep.aggregate_contribution in row exclusive mode;
  if exists (select from wardkeep.aggregate_release r where r.relation = wanted ->> 'table' and r.month = of_month) then
    raise exception 'that month was released, and is not counted again' using errcode = 'WK251';
  end if;
  delete from wardkeep.aggregate_contribution c where c.relation = wanted ->> 'table' and c.month = of_month and c.tenant = me.tenant;
  execute format('insert into wardkeep.aggregate_contribution (relation, month, tenant, cell, aggregate, agreement, persons, value, largest)
    select $1, $2, $3, f.cell, $4, $5, f.persons, f.value, f.largest from %I.%I($2) f', rule ->> 'schema', 'wk_count_' || of_aggregate)
    using wanted ->> 'table', of_month, me.tenant, of_aggregate, agreed;
  get diagnostics cells = row_count;
  perform wardkeep.note_crossing(me, array[null]::text[], 'share', 'aggregate_contribution', of_aggregate || ' ' || of_month, null,
    jsonb_build_object('cells', cells));
  return cells;
end
$$;
comment on function wardkeep.contribute(text, date) is
  'Counts the clinic of the service''s context for one month; 0 where it did not agree. Fails with WK009, WK1xx, WK251.';

create function wardkeep.may_be_published(of_release uuid, rule jsonb, cells text[]) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
begin atomic
  -- Of several cells together: at least so many persons, as one may be in each; at most so much of one person. Of a clinic counts
  -- what it adds in the end: amounts that cancel each other out hide nobody.
  with clinic as (
    select max(c.persons) as persons, abs(sum(c.value)) as part, sum(c.largest) as largest
      from wardkeep.aggregate_contribution c where c.release = of_release and c.cell = any (cells) group by c.tenant
  ), ranked as (select x.*, row_number() over (order by x.part desc) as place from clinic x)
  -- A clinic takes its own from the figure: the rest has the minimum of persons without any one clinic, and the second largest
  -- does not learn the largest to a tenth of it.
  select coalesce(sum(x.persons) - max(x.persons) >= (rule -> 'minimum' ->> 'persons')::numeric
      and count(*) filter (where x.part > 0) >= (rule -> 'minimum' ->> 'clinics')::bigint
      and max(x.part) * 100 <= sum(x.part) * (rule -> 'largest' ->> 'clinic')::numeric
      and sum(x.part) filter (where x.place > 2) * 10 >= max(x.part)
      and max(x.largest) * 100 <= sum(x.part) * (rule -> 'largest' ->> 'person')::numeric, false) from ranked x;
end;
comment on function wardkeep.may_be_published(uuid, jsonb, text[]) is
  'Internal: whether these cells together have enough persons and clinics, also for one of the clinics, and none that is most of them.';

-- What is left when the published cells are taken from the total must be publishable itself.
create function wardkeep.suppressed_cells(of_release uuid, rule jsonb) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  cells text[] := array(select jsonb_array_elements_text(rule -> 'cells'));
  hidden text[] := array(select x from unnest(cells) x where not wardkeep.may_be_published(of_release, rule, array[x]));
begin
  while cardinality(hidden) > 0 and cardinality(hidden) < cardinality(cells)
      and (cardinality(hidden) = 1 or not wardkeep.may_be_published(of_release, rule, hidden)) loop
    hidden := hidden || (select x from unnest(cells) x where x <> all (hidden)
      order by (select sum(abs(c.value)) from wardkeep.aggregate_contribution c where c.release = of_release and c.cell = x), x collate "C" limit 1);
  end loop;
  return hidden;
end
$$;
comment on function wardkeep.suppressed_cells(uuid, jsonb) is
  'Internal: the cells below the minimum, and as many more, smallest first, as their sum needs to be publishable.';

create function wardkeep.release_aggregate(request text, kid text, mac bytea) returns uuid
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  body jsonb := wardkeep.authentic_request(request, kid, mac, 'release_aggregate');
  wanted jsonb := wardkeep.aggregate_definition(body ->> 'aggregate');
  of_month date := case when body ->> 'month' ~ '^\d{4}-(0[1-9]|1[0-2])-01$' then (body ->> 'month')::date end;
  step numeric := (wanted ->> 'roundTo')::numeric;
  hidden text[];
  made uuid;
begin
  if wanted is null or coalesce(btrim(body ->> 'by'), '') = '' or not wardkeep.month_is_over(of_month) then
    raise exception 'a release names figures of the policy file, a month that is over by its first day, and who releases it' using errcode = 'WK252';
  end if;
  -- Whoever withdraws or counts comes before, and is seen, or after, and finds the release.
  lock table wardkeep.aggregate_agreement, wardkeep.aggregate_contribution in share row exclusive mode;
  if exists (select from wardkeep.aggregate_release r where r.relation = wanted ->> 'table'
      and (r.month = of_month or r.definition ->> 'month' <> wanted ->> 'month')) then
    raise exception 'rows of this table were released for that month, or by another date of theirs' using errcode = 'WK252',
      hint = 'Two releases of the same rows could be subtracted from each other; wait for the next month, or publish another table.';
  end if;
  insert into wardkeep.aggregate_release as r (aggregate, relation, month, definition, released_by)
  values (body ->> 'aggregate', wanted ->> 'table', of_month, wanted, body ->> 'by') returning r.id into made;
  update wardkeep.aggregate_contribution c set release = made from wardkeep.aggregate_agreement a
   where c.relation = wanted ->> 'table' and c.month = of_month and a.id = c.agreement and a.ended_at is null
     and a.aggregate = body ->> 'aggregate' and a.definition = wanted;
  delete from wardkeep.aggregate_contribution c where c.relation = wanted ->> 'table' and c.month = of_month and c.release is null;
  if not wardkeep.may_be_published(made, wanted, array['']) then
    raise exception 'too few clinics or persons, or one of them is too much of it' using errcode = 'WK252', hint = 'Count more clinics first.';
  end if;
  hidden := wardkeep.suppressed_cells(made, wanted);
  insert into wardkeep.aggregate_figure (release, cell, value)
  select made, x.cell, case when x.cell <> all (hidden) then
      (select round(sum(c.value) / step) * step from wardkeep.aggregate_contribution c where c.release = made and c.cell = x.cell) end
    from (select '' as cell union all select jsonb_array_elements_text(wanted -> 'cells')) x;
  perform wardkeep.note_release(made);
  return made;
end
$$;
comment on function wardkeep.release_aggregate(text, text, bytea) is
  'Publishes a month of figures, once, from the clinics that agree now. For the issuer login. Fails with WK009, WK202, WK252.';
