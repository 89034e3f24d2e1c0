-- as A
select body from outbox;
