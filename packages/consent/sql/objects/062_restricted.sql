-- Rows that belong to a row about a person carry no bits; their policy asks here, once per statement. Hashes: whoever calls it
-- in SQL is not told the keys of what it may not see.
create function wardkeep_consent.restricted_parents(of_table text) returns setof bytea
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  me wardkeep.token := wardkeep.verified();
begin
  if exists (select from wardkeep_consent.reach h where h.restricted and h.tenant = me.tenant) then
    return query select sha256(convert_to(k.tenant || ' ' || k.branch || ' ' || k.key, 'UTF8')) from wardkeep_consent.restricted_rows(of_table) k;
  end if;
end
$$;
comment on function wardkeep_consent.restricted_parents(text) is
  'For the policy wk_restricted: what the rows of a table belong to where an erasure of the person was decided, in the context. Fails with WK1xx.';
