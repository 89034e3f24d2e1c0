-- control as A
do $$ begin
  insert into person values (1, 50, 'Try', 'nobody.bravo@abdm');
  set constraints all immediate;
exception when unique_violation then raise exception 'taken: nobody.bravo@abdm';
end $$;
-- as A
do $$ begin
  insert into person values (1, 51, 'Try', 'bela.bravo@abdm');
  set constraints all immediate;
exception when unique_violation then raise exception 'taken: bela.bravo@abdm';
end $$;
