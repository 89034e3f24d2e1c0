create function wardkeep_audit.make_months(ahead integer) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  first timestamp := date_trunc('month', clock_timestamp() at time zone 'UTC');
  month timestamp;
  name text;
  made integer := 0;
begin
  for i in 0..ahead loop
    month := first + make_interval(months => i);
    name := 'event_' || to_char(month, 'YYYY_MM');
    continue when to_regclass('wardkeep_audit.' || name) is not null;
    begin
      -- A list of fifty names is just longer than what is compressed and, where that does not help, put elsewhere; names do not compress.
      execute format('create table wardkeep_audit.%I (like wardkeep_audit.event including defaults including constraints) with (toast_tuple_target = 4080)', name);
      execute format('alter table wardkeep_audit.%I enable row level security', name);
      -- ATTACH locks the default partition, which is empty or small; writers of other months go on.
      execute format('alter table wardkeep_audit.event attach partition wardkeep_audit.%I for values from (%L) to (%L)', name,
        to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
      made := made + 1;
    exception when check_violation then
      -- Its events came before it was made, and ATTACH found them in the default partition. They stay there: read, sealed and
      -- dropped with their month like all others.
      null;
    end;
  end loop;
  return made;
end
$$;
comment on function wardkeep_audit.make_months(integer) is
  'Makes the partitions of this month and of the months ahead, in UTC, but of none whose events are in the default partition already; returns how many were new. For the owner.';
