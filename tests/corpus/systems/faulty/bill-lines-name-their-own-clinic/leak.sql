-- control as A
select item from bill_line;
-- as A
select item, rate from save_bill('{"clinic_id": "5c1d7a30-1111-4b1b-9f00-aaaaaaaaaaa1", "bill_no": 1, "patient_no": 1, "lines": [{"clinic_id": "5c1d7a30-2222-4b1b-9f00-bbbbbbbbbbb2", "bill_no": 1, "line": 1, "qty": 9}]}');
