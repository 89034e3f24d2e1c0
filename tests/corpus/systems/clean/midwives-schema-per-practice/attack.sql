-- as A
select * from core.find_woman('');
select core.my_turnover();
select * from core.practice;
-- as A
select * from m_dill.agenda;
-- as A
select core.archive_woman('m_dill', 1);
-- as A
select core.archive_woman(null, 1);
-- as A
select * from core.find_woman(''' union select to_jsonb(w) from m_dill.woman w --', 'due from m_dill.woman');
-- as A, without context
select core.archive_woman('m_dill', 1);
-- truth
select exists (select from m_dill.archive where woman_no = 1);
