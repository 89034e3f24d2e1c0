-- control as A
select * from message;
select * from thread;
-- as A
insert into thread_member (thread_no, house, colleague_no, nick)
  select n, 'kiel', 1, 'just looking' from generate_series(1, 6) n on conflict do nothing;
select thread_no, body from message;
-- control as A
select * from inbox;
select * from attachment;
