-- as A
insert into session_log (centre, machine, at, patient, litres) values ('DC-02', 'M9', '2026-06-01 06:00+05:30', 'nobody', 0);
-- truth
select exists (select from session_log where centre = 'DC-02' and patient = 'nobody');
