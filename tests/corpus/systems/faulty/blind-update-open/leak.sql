-- as A
update reminder set sent = true;
-- truth
select exists (select from reminder where clinic = 2 and sent);
