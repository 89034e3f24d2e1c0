-- as B
set local plan_cache_mode = force_generic_plan;
prepare board as select patient, complaint from triage;
execute board;
-- as A, same connection
set local plan_cache_mode = force_generic_plan;
execute board;
