-- as A
insert into membership values (8, 'u7', 'u7');
select body from care_note;
