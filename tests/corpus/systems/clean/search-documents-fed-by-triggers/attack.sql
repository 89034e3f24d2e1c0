-- as A
select * from med.search('migraine');
select * from med.recent_words;
-- as A
update med.patient set name = 'taken' where no = 1;
select * from idx.search_doc;
-- as A
insert into med.note values ('AH', 2, 1, 'm', 'x', null);
update med.note set practice = 'BA' where no = 2;
-- as A
delete from med.note where no = 1;
-- truth
select exists (select from idx.search_doc where practice <> 'AH' and text like '%taken%') or not exists (select from idx.search_doc where practice = 'BA' and source = 'note' and no = 1);
