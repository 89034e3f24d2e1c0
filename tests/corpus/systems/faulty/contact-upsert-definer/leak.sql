-- control as A
select * from contact;
select * from save_contact('98100', 'late');
-- as A
select * from save_contact('98200', 'late');
