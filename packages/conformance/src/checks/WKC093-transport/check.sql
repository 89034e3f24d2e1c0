-- title: Connections or passwords are weaker than they could be
-- severity: hygiene
-- cwe: CWE-319
-- cvss: CVSS:3.1/AV:A/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N
select 'server' as object, q.message, q.evidence, q.replay, q.fix
from (
  select 'Connections are not encrypted: the server offers no TLS.' as message, 'ssl = off' as evidence, 'show ssl;' as replay, 'Set ssl = on with a certificate, and hostssl in pg_hba.conf.' as fix
  where current_setting('ssl') = 'off' and current_setting('listen_addresses') not in ('', 'localhost', '127.0.0.1', '::1')
  union all
  select 'New passwords are stored as MD5.', 'password_encryption = md5', 'show password_encryption;', 'Set password_encryption = ''scram-sha-256'' and let every login set its password anew.'
  where current_setting('password_encryption') = 'md5'
) as q
