-- as A
select wording, signed_on from borea.consent;
-- control as A
select * from alma.consent;
select * from alma.open_cycle;
-- control as A
select * from borea.couple;
-- control as A
select * from borea.open_cycle;
-- control as A
select borea.close_cycle(1, 1);
-- control as A
delete from borea.consent;
