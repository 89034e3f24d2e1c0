-- as A
select * from clinic_bicuspid.chart;
