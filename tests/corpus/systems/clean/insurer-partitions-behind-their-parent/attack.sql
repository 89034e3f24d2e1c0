-- as A
select * from claim_2024;
-- as A
select * from claim_2025_rest;
-- as A
update claim set service_date = '2025-03-01', insurer_id = 9002 where claim_no = 2124 returning *;
-- as A
create function pg_temp.look(line text) returns boolean language plpgsql cost 0.0000001 as $$
begin
  perform set_config('look.seen', coalesce(current_setting('look.seen', true), '') || line || '; ', false);
  return true;
end $$;
select count(*) from my_monthly_cost where pg_temp.look(insurer);
select current_setting('look.seen', true);
-- as A, without context
select * from claim;
select * from my_monthly_cost;
