-- control as A
update praxis.patient set phone = '0151 9' where no = 1;
select what, row_image from praxis.audit_log;
-- as A
select praxis.run_due_reminders();
select what, row_image from praxis.audit_log;
