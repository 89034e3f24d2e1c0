-- as A
select kit.score_of(1, 'ombrel_juno');
-- as A
set local search_path = h_juno, kit;
select kit.write_letter(1, 'admission');
-- as A
select * from h_juno.guest;
