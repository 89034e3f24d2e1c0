-- as A
select about, signature from p_sued.consent_form;
-- control as A
select about from p_nord.consent_form;
select name from p_nord.recall_list;
-- control as A
select name from p_sued.patient;
-- control as A
select body from p_west.letter;
-- control as A
select p_sued.next_invoice_no();
