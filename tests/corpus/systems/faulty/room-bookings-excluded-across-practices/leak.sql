-- as A
do $$
begin
  insert into booking (practice_id, room_no, initials, client_no, service, during)
  values (11, 1, 'AB', 1, 'MT', '[2026-03-02 20:52+01, 2026-03-02 21:00+01)');
  perform set_config('booking.answer', 'the room is free', false);
exception when exclusion_violation then
  perform set_config('booking.answer', 'the room is occupied', false);
end $$;
select current_setting('booking.answer');
-- control as A
do $$
begin
  insert into booking (practice_id, room_no, initials, client_no, service, during)
  values (11, 1, 'AB', 1, 'MT', '[2026-03-03 20:52+01, 2026-03-03 21:00+01)');
  perform set_config('booking.answer', 'the room is free', false);
exception when exclusion_violation then
  perform set_config('booking.answer', 'the room is occupied', false);
end $$;
select current_setting('booking.answer');
select * from booking;
