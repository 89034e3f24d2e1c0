-- as A
select student, complaint from sick_visit;
