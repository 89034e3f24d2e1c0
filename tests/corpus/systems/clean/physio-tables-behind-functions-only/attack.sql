-- as A
select * from physio_api.patients('full_name', true);
select * from physio_api.patients('no, (select full_name from physio.patient where practice_id = 502 limit 1)');
select * from physio_api.day_sheet('2026-07-01');
select physio_api.chart(n) from generate_series(1, 5) n;
select physio_api.book(2, 2, '2026-07-02', 4, 'again');
select physio_api.cancel(99);
select physio_api.cancel(1);
select physio_api.note_finding(2, 'better');
select * from physio.patient;
select set_config('physio.token', 'ptf-lost-502', true);
select * from physio_api.patients();
select set_config('physio.token', '', true);
select * from physio_api.patients();
-- truth
select (select count(*) from physio.booking where practice_id > 501) <> 6 or (select count(*) from physio.finding where practice_id > 501) <> 6;
