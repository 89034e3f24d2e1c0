-- as A
insert into patient values (101, 60, 'Try', 'bela.bravo@abdm') returning no, name;
insert into patient values (101, 61, 'Try', 'nobody@abdm') returning no, name;
delete from patient where no >= 60;
select no, name, abha from patient;
-- as A
select * from abha_seen;
