-- as A
select * from v_due_list;
