-- control as A
do $$ begin
  insert into mlc_register values ('ER2', 'PS9-bravo-8', 'try', null);
exception
  when with_check_option_violation then raise exception 'free';
  when unique_violation then raise exception 'taken: PS9-bravo-8';
end $$;
-- as A
do $$ begin
  insert into mlc_register values ('ER2', 'PS9-bravo-7', 'try', null);
exception
  when with_check_option_violation then raise exception 'free';
  when unique_violation then raise exception 'taken: PS9-bravo-7';
end $$;
