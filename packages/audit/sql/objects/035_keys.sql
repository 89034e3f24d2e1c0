-- A key as rows, and so events, spell it: who asks may have it in any spelling that the column's type takes. What may be a text
-- is left as it is, because there another spelling is another key.
create function wardkeep_audit.as_logged(of_relation text, key text) returns text
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  types text[] := array['uuid'];
begin
  if to_regprocedure('wardkeep_audit.key_types()') is not null then
    types := array(select jsonb_array_elements_text(wardkeep_audit.key_types() -> coalesce(of_relation, '')));
  end if;
  return case
    when 'uuid' = any (types) and key ~* '^([0-9a-f]{4}(-?[0-9a-f]{4}){7}|\{[0-9a-f]{4}(-?[0-9a-f]{4}){7}\})$' then key::uuid::text
    when types <@ array['smallint', 'integer', 'bigint'] and types <> '{}' and key ~ '^\s*[-+]?[0-9]{1,18}\s*$' then key::bigint::text
    else key end;
end
$$;
comment on function wardkeep_audit.as_logged(text, text) is
  'Internal: the key of a record of a table, or of a person where no table is named, as the log spells it.';
