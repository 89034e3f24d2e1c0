-- as A
select note from crm.contact_tag;
delete from crm.contact_tag where contact_id = 2;
-- truth
select not exists (select from crm.contact_tag where contact_id = 2);
