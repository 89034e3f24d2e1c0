-- as A
select clinic, patient from queue_ticket;
select answers from checkin_form;
