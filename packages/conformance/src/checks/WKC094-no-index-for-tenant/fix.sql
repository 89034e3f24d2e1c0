create index on wk_list (branch_id, at);
