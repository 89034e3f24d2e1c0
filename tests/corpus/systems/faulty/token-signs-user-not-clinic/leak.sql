-- as A
select set_config('tsun.clinic', 'heart-2', true);
select patient, rhythm from ecg;
