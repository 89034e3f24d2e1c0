-- as A
select resident, what from incident;
