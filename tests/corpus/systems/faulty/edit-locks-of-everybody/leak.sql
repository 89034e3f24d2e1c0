-- as A
select label, held_by from edit_lock;
