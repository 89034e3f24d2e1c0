-- as A
select client, note from counsel_note where deleted_at is not null;
