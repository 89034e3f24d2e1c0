-- as A
insert into event (stream, seq, kind, payload) values ('O-9', 1, 'order.placed', '{"site": "s2", "patient": "x"}') returning *;
-- as A
select append('s2', 'O-1', 2, 'order.placed', '{}');
-- as A
select append('s1', 'O-1', 2, 'result.reported', '{"site": "s2", "values": {"718-7": "taken"}}');
select replay_stream('s2', 'O-1');
select * from order_history;
select * from outbox;
-- truth
select exists (select from order_item where site <> 's1' and value = 'taken');
-- as A
update event set payload = '{"site": "s1"}' returning *;
