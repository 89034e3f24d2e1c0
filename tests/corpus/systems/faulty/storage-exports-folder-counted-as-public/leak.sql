-- as A
select name, metadata from storage.object where name like 'exports/%';
