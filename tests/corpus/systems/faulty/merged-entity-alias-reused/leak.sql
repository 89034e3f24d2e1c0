-- as A
select patient, plan from case_sheet;
