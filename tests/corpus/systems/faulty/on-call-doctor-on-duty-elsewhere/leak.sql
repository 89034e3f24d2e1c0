-- control as A
select * from oncall.duty;
insert into oncall.doctor values ('AVON', 'GMCBUTE1bravo', 'Locum', 'R');
insert into oncall.duty values ('AVON', 70, 'GMCBUTE1bravo', '2026-06-09 18:00+00', '2026-06-10 06:00+00');
-- as A
insert into oncall.duty values ('AVON', 71, 'GMCBUTE1bravo', '2026-06-01 20:00+00', '2026-06-01 21:00+00');
