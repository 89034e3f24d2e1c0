-- control as A, without context
select mother from mother_card;
-- as A
select mother from mother_card;
select advice from anc_visit;
