-- as A
select set_config('app.token', translate(encode('{"tenant":42}', 'base64'), '+/=', '-_') || '.no-signature', true);
select patient, body from session_note;
