-- control as A
insert into staff values (1, 50, 'nobody.yet', 'probe');
-- as A
insert into staff values (1, 51, 'Bravo.B', 'probe');
