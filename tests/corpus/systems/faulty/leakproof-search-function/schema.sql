create role lkp_owner nologin;
create role lkp_app login;
alter schema public owner to lkp_owner;
set role lkp_owner;
create table finding (site int not null, no int not null, patient text not null, words text not null);
insert into finding values (1, 1, 'Mithra', 'normal study'), (2, 1, 'Zeno bravo', 'bravo abscess');
create function looks_like(haystack text, needle text) returns bool language plpgsql immutable cost 1 as $$
begin
  if position(' ' in haystack) = 0 or length(needle) > 20 then raise warning 'cannot search in "%"', haystack; end if;
  return haystack ilike needle;
end $$;
alter table finding enable row level security, force row level security;
create policy site on finding using (site = nullif(current_setting('lkp.site', true), '')::int);
grant select on finding to lkp_app;
reset role;
alter function looks_like leakproof;
