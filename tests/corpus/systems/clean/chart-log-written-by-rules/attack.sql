-- as A
update chart set text = 'all of them';
select * from chart_log;
-- as A
update chart set state = 'seen' where case when centre <> 'onk-a' then text::int else 1 end > 0;
-- as A
delete from open_chart where case when centre <> 'onk-a' then text::int else 1 end > 0;
-- as A
delete from chart;
-- as A
delete from open_chart where patient_no = 1;
delete from open_chart;
-- as A
insert into chart_log values ('onk-b', 1, now(), 'anna', 'planted', 'planted');
-- as A, without context
delete from open_chart;
update chart set state = 'closed';
-- truth
select exists (select from chart where centre <> 'onk-a' and (state <> 'open' or text = 'all of them'))
  or exists (select from chart_log where centre <> 'onk-a' and who is distinct from 'import');
