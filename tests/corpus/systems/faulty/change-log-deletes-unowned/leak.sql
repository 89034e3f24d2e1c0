-- control as A
select * from change_log where new_row is not null;
-- as A
select old_row from change_log where new_row is null;
