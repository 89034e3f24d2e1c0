-- as A
create function pg_temp.look(line text) returns boolean language plpgsql cost 0.0000001 as $$
begin
  perform set_config('look.seen', coalesce(current_setting('look.seen', true), '') || line || '; ', false);
  return true;
end $$;
select count(*) from my_waiting_list where pg_temp.look(patient);
select current_setting('look.seen', true);
-- control as A
create function pg_temp.look(line text) returns boolean language plpgsql cost 0.0000001 as $$
begin
  perform set_config('look.seen', coalesce(current_setting('look.seen', true), '') || line || '; ', false);
  return true;
end $$;
select count(*) from my_figures where pg_temp.look(remark);
select count(*) from referral where pg_temp.look(reason);
select current_setting('look.seen', true);
-- control as A
select * from my_waiting_list;
