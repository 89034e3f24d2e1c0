-- as A
select alarm from icu.reading_p0;
select alarm from icu.reading_p1;
