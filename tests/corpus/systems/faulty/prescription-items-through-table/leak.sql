-- as A
select drug, instructions from prescription_item;
