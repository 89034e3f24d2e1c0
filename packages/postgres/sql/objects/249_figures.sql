create function wardkeep.note_release(made uuid) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  r wardkeep.aggregate_release := (select x from wardkeep.aggregate_release x where x.id = made);
  me wardkeep.token;
begin
  me.actor := r.released_by;
  me.role := 'vendor';
  me.purpose := 'aggregates';
  for me.tenant in select distinct c.tenant from wardkeep.aggregate_contribution c where c.release = made order by 1 loop
    perform wardkeep.note_crossing(me, array[null]::text[], 'export', 'aggregate_release', made::text, null,
      jsonb_build_object('aggregate', r.aggregate, 'month', r.month));
  end loop;
end
$$;
comment on function wardkeep.note_release(uuid) is 'Internal: a release is an event of each clinic that is in it.';

-- No argument: whoever may ask for a part may ask for two parts that overlap. Volatile, so that it can record.
create function wardkeep.figures()
  returns table (aggregate text, month date, cell text, value numeric, rounded_to numeric, released_at timestamptz)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into wardkeep.activity (kind, actor, detail) values ('figures_read', session_user, '{}');
  return query select r.aggregate, r.month, f.cell, f.value, (r.definition ->> 'roundTo')::numeric, r.released_at
    from wardkeep.aggregate_figure f join wardkeep.aggregate_release r on r.id = f.release order by r.aggregate, r.month, f.cell;
end
$$;
comment on function wardkeep.figures() is
  'Every figure that was published, null where it is suppressed; the empty cell is all of the month. For the vendor''s login. Each call is recorded.';

create function wardkeep.forget_contributions(gone text, successor text, why text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  update wardkeep.aggregate_agreement a set ended_at = clock_timestamp(), ended_by = 'login:' || session_user, end_reason = why
   where a.tenant = gone and a.ended_at is null;
  delete from wardkeep.aggregate_contribution c where c.tenant = gone and (c.release is null or successor is null);
  update wardkeep.aggregate_contribution c set tenant = successor where c.tenant = gone;
end
$$;
comment on function wardkeep.forget_contributions(text, text, text) is
  'Internal: of a tenant that is deleted nothing stays but the figures that were published; under another key it agrees anew.';
