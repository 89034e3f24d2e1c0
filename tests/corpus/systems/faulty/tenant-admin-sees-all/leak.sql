-- as A
select employee, salary from payroll;
