-- as A
create table tools.seen (t text);
create function tools.watch() returns trigger language plpgsql as $$
begin
  insert into tools.seen values (new.patient || ' ' || new.allergen);
  return new;
end $$;
create trigger watch before insert on test_result for each row execute function tools.watch();
-- as B
insert into test_result values (2, 2, 'Max bravo', 'bravo latex');
-- as A
select t from tools.seen;
