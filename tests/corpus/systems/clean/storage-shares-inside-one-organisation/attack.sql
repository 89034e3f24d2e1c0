-- as A
select open_share(md5('k11/letters/1.pdf'));
insert into share (org, token_hash, bucket_id, name, until) values ('k1', encode(sha256('mine'), 'hex'), 'files', 'k11/letters/1.pdf', '2099-01-01');
select open_share('mine');
select file_title('k11/letters/1.pdf');
select * from search_files('');
-- as A
update storage.objects set name = 'k11/letters/9.pdf' where name = 'k1/letters/1.pdf' returning *;
-- as A
insert into storage.objects (bucket_id, name) values ('vendor', 'k1/x.pdf') returning *;
-- as A, without context
select * from storage.objects;
