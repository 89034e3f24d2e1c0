-- as A
select event_type, payload from claim_events(10);
-- control as A
select * from outbox;
select * from delivery;
-- control as A, without context
select * from outbox;
