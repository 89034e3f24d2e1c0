-- as A
select full_name, remark, diagnosis from open_claim;
-- control as A
select full_name from member_card;
select remark from claim_total;
select remark from claim;
