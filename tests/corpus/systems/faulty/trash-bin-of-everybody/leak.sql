-- as A
select patient, body from letter;
