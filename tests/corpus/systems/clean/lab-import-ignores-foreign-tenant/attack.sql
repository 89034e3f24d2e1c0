-- as A
select * from import_results('f', '[{"practice": "p-berg", "lab": "SYN", "external_id": "X1", "order_no": 1, "analyte": "CRP", "value": "999", "remark": "taken"}]');
select * from result;
select * from import_results('f', '[{"practice": "p-berg", "lab": "SYN", "external_id": "X1", "order_no": 2, "analyte": "CRP", "value": "999"}]');
select try_again();
select * from unmatched;
select * from import_run;
-- as A
select * from raw_message;
-- as A, without context
select * from import_results('f', '[]');
-- as A, without context
select try_again();
select * from result;
-- truth
select exists (select from result where practice <> 'p-arnd' and (value = '999' or remark = 'taken'));
