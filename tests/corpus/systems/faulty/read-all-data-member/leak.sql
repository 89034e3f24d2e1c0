-- as A
select line from staging.raw_claim;
