-- as A
select patient, body from story;
