-- as A
select accession, patient from specimen order by drawn_at;
-- control as A
select s.accession, s.patient, a.remark from specimen s join analysis a using (lab_code, accession);
select * from result;
-- control as A
select patient from specimen where lab_code in ('AKL', 'BRM');
