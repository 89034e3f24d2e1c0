alter table visit alter column branch_id set not null;
