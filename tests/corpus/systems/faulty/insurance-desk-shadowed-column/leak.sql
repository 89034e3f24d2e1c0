-- as A
select insured, diagnosis_code from claim;
