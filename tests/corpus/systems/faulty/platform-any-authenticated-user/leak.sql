-- as A
select title, body from intake_form;
