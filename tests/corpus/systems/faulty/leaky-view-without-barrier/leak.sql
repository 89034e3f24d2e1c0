-- as A
create function pg_temp.tell(t text) returns bool language plpgsql cost 0.0000001 as $$
begin
  raise notice 'saw %', t;
  return true;
end $$;
select no from api.order_line where pg_temp.tell(patient || ' ' || test);
