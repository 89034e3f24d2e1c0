-- as A
insert into registration (clinic, no, phone) values (1, 77, '222') returning name, born;
