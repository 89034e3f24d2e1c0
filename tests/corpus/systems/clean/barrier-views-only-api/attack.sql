-- as A
update api.patient set tenant = 2;
create function pg_temp.tell(t text) returns bool language plpgsql cost 0.0000001 as $$
begin
  raise notice 'saw %', t;
  return true;
end $$;
select no from api.patient where pg_temp.tell(name);
-- truth
select exists (select from data.patient where tenant = 2 and name = 'Kani');
