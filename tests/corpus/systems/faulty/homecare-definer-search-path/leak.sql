-- as A
create table scratch.assignment (team_id int, usr text);
insert into scratch.assignment values (2, 'u1');
grant select on scratch.assignment to public;
set local search_path = scratch, core;
select client, door_code from core.home_visit;
