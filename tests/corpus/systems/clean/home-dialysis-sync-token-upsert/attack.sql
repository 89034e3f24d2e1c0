-- as A
select push_nights('[{"id": "00000000-0000-4000-9000-000000000021", "patient_no": 1, "night": "2026-03-05", "drained_ml": 1, "problem": null, "note": "x"}]');
select pull(0);
select send_order('00000000-0000-4000-a000-000000000021');
select * from week_summary;
-- as A
insert into night_log values ('bieber', '00000000-0000-4000-9000-0000000001ff', 1, '2026-03-05', 1, null, 'x');
-- as A
update week_summary set last_note = 'x';
-- as A
select set_config('sync.token', 'hd-bieber-old', true);
select pull(0);
-- as A, without context
select pull(0);
-- truth
select exists (select from supply_order where state <> 'draft') or exists (select from night_log where centre <> 'anger' and drained_ml <> 900);
