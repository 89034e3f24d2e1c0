-- control as A
insert into login_code (clinic, sent_to) values ('C-A7', 'nobody.bravo@mail.example');
-- as A
insert into login_code (clinic, sent_to) values ('C-A7', 'bela.bravo@mail.example');
