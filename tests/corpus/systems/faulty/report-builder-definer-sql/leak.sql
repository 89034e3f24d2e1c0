-- as A
select * from run_report('false or true');
