-- as A
select new_row from prescription_history;
