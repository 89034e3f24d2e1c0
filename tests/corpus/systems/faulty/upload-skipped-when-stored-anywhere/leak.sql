-- as A
select announce_upload(encode(sha256('long-term care form'), 'hex'), 9000, 'form.pdf');
-- control as A
select announce_upload(encode(sha256('another form'), 'hex'), 9000, 'other.pdf');
-- control as A
select * from document;
select * from stored_file;
