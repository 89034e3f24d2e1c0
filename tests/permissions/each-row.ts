/** Functions that write rows one by one and return the numbers of those that were let through; `changed` may change. */
export function eachRow(schema: "" | "asked.", changed: string): string {
  const values = changed.replaceAll(/\w+/g, (column) => `r.${column}`)
  const loop = (name: string, step: string): string => `
create function ${schema}${name}(rows jsonb) returns setof integer language plpgsql as $$
declare
  one jsonb;
begin
  for one in select * from jsonb_array_elements(rows) loop
    begin
      ${step}
      if found then
        return next one ->> 'n';
      end if;
    exception when insufficient_privilege or sqlstate 'WK204' or sqlstate 'WK205' then
      null;
    end;
  end loop;
end
$$;`
  const insert = "insert into note select * from jsonb_populate_record(null::note, one);"
  const update = `update note set (${changed}) = (select ${values} from jsonb_populate_record(null::note, one) r)
       where note.n = (one ->> 'n')::integer;`
  return loop("insert_each", insert) + loop("change_each", update)
}
