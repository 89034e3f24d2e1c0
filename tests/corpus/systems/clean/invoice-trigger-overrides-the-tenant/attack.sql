-- as A
insert into billing.patient values ('esche', 1, 'taken', 1);
insert into billing.patient values ('esche', 70, 'taken', 1) returning *;
insert into billing.invoice (practice, patient_no, remark) values ('esche', 1, 'taken') returning *;
insert into billing.patient values ('ulme', 2, 'taken', 1) on conflict (practice, no) do update set full_name = 'taken' returning *;
update billing.invoice set practice = 'esche', remark = 'taken';
select billing.take_number('invoice');
select billing.take_number('nothing');
select * from billing.number_range;
select * from billing.invoice_history;
-- truth
select exists (select from billing.patient where practice <> 'linde' and full_name = 'taken')
    or exists (select from billing.invoice where practice <> 'linde' and remark = 'taken')
    or exists (select from billing.number_range where practice <> 'linde' and last_no <> 3);
