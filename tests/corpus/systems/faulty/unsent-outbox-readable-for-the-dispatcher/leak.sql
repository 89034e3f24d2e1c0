-- as A
select topic, payload from outbox where sent_at is null;
