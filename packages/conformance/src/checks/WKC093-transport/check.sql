-- title: Connections or passwords are weaker than they could be
-- severity: hygiene
-- cwe: CWE-319
-- cvss: CVSS:3.1/AV:A/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:N
-- Read through query_to_xml, because a login without the right to a view must not fail on naming it.
with listens as (
  select current_setting('listen_addresses') as addresses,
    current_setting('listen_addresses') not in ('', 'localhost', '127.0.0.1', '::1') as beyond
),
rule as (
  select x.* from (select case
    when has_table_privilege('pg_catalog.pg_hba_file_rules', 'select') and has_function_privilege('pg_catalog.pg_hba_file_rules()', 'execute')
    then query_to_xml('select line_number as n, type, coalesce(address, '''') as address, auth_method as method, array_to_string(user_name, '','') as users from pg_catalog.pg_hba_file_rules where error is null', false, false, '') end as doc) as d,
  xmltable('/table/row' passing d.doc columns n int path 'n', type text path 'type', address text path 'address', method text path 'method', users text path 'users') as x
),
remote as (
  select r.n, r.type, r.address, r.method, r.users from rule as r
  where r.type like 'host%' and r.address not in ('127.0.0.1', '::1', 'localhost', 'samehost') and r.method <> 'reject'
),
stored as (
  select x.login from (select case when has_table_privilege('pg_catalog.pg_authid', 'select')
    then query_to_xml('select rolname as login from pg_catalog.pg_authid where rolpassword like ''md5%''', false, false, '') end as doc) as d,
  xmltable('/table/row' passing d.doc columns login text path 'login') as x
  join app_login as l on l.rolname = x.login
)
select 'server' as object, q.message, q.evidence, q.replay, q.fix
from (
  select 'Connections are not encrypted: the server offers no TLS.' as message, 'ssl = off, listen_addresses = ' || addresses as evidence, 'show ssl; show listen_addresses;' as replay, 'Set ssl = on with a certificate, and hostssl in pg_hba.conf; let listen_addresses name only what the application needs.' as fix
  from listens where current_setting('ssl') = 'off' and beyond
  union all
  select 'New passwords are stored as MD5.', 'password_encryption = md5', 'show password_encryption;', 'Set password_encryption = ''scram-sha-256'' and let every login set its password anew.'
  where current_setting('password_encryption') = 'md5'
) as q
union all
select 'pg_hba.conf line ' || min(n), 'pg_hba.conf lets logins in from other machines without a password.', string_agg(format('line %s: %s %s %s', n, type, address, method), '; ' order by n), 'select * from pg_catalog.pg_hba_file_rules;', 'Write scram-sha-256 instead of trust.'
from remote where method = 'trust' having count(*) > 0
union all
select 'pg_hba.conf line ' || min(n), 'pg_hba.conf asks logins from other machines for less than SCRAM.', string_agg(format('line %s: %s %s %s', n, type, address, method), '; ' order by n), 'select * from pg_catalog.pg_hba_file_rules;', 'Write scram-sha-256 instead of md5 and password, once every login has a password of that kind.'
from remote where method in ('md5', 'password') having count(*) > 0
union all
select 'pg_hba.conf line ' || min(n), 'pg_hba.conf takes connections from other machines without encryption.', string_agg(format('line %s: %s %s %s', n, type, address, method), '; ' order by n), 'select * from pg_catalog.pg_hba_file_rules;', 'Write hostssl instead of host.'
from remote, listens where type in ('host', 'hostnossl') and beyond having count(*) > 0
union all
select 'password of ' || login, 'The login''s password is stored as MD5, which is as good as the password to whoever reads it.', 'rolpassword of ' || login || ' begins with md5', 'select rolname from pg_catalog.pg_authid where rolpassword like ''md5%'';', format('Set password_encryption = ''scram-sha-256'' and then: alter role %I password …', login)
from stored
