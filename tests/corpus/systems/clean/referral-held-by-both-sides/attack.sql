-- as A
insert into answer values ('cl-a', 'cl-b', 1, 'mine now');
select * from referral where from_clinic = 'cl-b';
-- truth
select exists (select from answer);
