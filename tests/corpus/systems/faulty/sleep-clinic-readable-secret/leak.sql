-- as A
select set_config('app.sig', '2.' || encode(sha256(convert_to(current_setting('app.signing_secret') || '2', 'utf8')), 'hex'), true);
select patient, remark from polysomnography;
