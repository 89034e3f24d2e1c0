-- control as A
insert into patient (entity, no, name, phone) values ('ent-a', 70, 'probe', '+44 0') returning hint;
-- as A
insert into patient (entity, no, name, phone) values ('ent-a', 71, 'probe', '+44 2') returning hint;
