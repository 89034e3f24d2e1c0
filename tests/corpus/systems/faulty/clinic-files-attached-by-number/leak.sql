-- as A
select record_type, record_id, filename, caption from attachments where record_type = 'LabOrder';
-- control as A
select * from lab_orders;
select * from invoices;
select * from attachments where record_type in ('Patient', 'Invoice');
