-- as A
select * from identity_vault;
