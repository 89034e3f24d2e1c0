-- as A
select * from save_contact('98200', 'late');
