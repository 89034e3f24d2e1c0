-- as A
select patient from opd_visit;
