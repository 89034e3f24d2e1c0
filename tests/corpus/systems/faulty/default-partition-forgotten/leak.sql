-- as A
select note from reading_rest;
