-- as A
select name, metadata from storage.objects where bucket_id = 'scans' and not starts_with(name, 'mrt_nord/');
-- control as A
select * from storage.objects where bucket_id = 'letters';
select * from list_files('scans');
select * from study;
-- control as A
delete from storage.objects where not starts_with(name, 'mrt_nord/') returning *;
