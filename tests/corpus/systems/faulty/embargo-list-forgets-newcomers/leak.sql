-- as A
select couple, outcome from cycle;
