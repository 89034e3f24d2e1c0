alter table visit alter column branch_id drop not null;
