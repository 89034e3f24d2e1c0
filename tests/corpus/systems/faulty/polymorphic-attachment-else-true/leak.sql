-- as A
select clinic_no, file_name from attachment where owner_type = 'consent';
