-- as A
call transfer_bed(2, 'corridor');
-- truth
select exists (select from admission where hospital = 2 and bed = 'corridor');
