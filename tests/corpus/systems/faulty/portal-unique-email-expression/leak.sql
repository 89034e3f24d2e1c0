-- control as A
insert into account values ('p1', 'new@clinic.example', 'new', null);
-- as A
insert into account values ('p1', 'bee@BRAVO.example', 'probe', null);
