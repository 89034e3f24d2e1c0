alter table token alter column token drop identity;
create table token_count (branch_id int primary key references branch, last int not null);
insert into token_count select branch_id, max(token) from token group by branch_id;
create function next_token() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.token_count set last = last + 1 where branch_id = new.branch_id returning last into new.token;
  return new;
end $$;
create trigger next_token before insert on token for each row execute function next_token();
