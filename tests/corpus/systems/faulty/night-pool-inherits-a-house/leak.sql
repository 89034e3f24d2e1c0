-- as A
select name, room from guest order by house, no;
select body from night_report;
-- control as A
select * from volunteer;
select * from narcotics_book;
select * from house;
select * from guest where house = 'clara';
