alter table visit add column drug_code text references drug;
update visit set drug_code = case branch_id when 1 then 'A' else 'B' end;
grant delete on drug to :"app";
