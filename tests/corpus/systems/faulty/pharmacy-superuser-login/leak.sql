-- as A
select customer from dispense;
