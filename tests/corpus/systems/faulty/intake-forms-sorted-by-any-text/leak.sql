-- as A
select id, answers from search_forms('penicillin', 'submitted_at limit 0) x right join intake_form page on true --');
-- control as A
select * from search_forms('penicillin');
select * from search_forms('penicillin', 'answers ->> ''name''');
select * from intake_form;
