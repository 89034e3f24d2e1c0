-- title: The server has published holes in row-level security
-- severity: hygiene
-- cwe: CWE-1395
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N
select
  'server' as object,
  'PostgreSQL ' || current_setting('server_version') || ' has published holes through which rows of other tenants can be read whatever the policies say (CVE-2026-120154 and others).' as message,
  'server_version_num = ' || v.number || ', fixed in 18.7, 17.12, 16.16, 15.20 and 14.25' as evidence,
  'select current_setting(''server_version'');' as replay,
  'Upgrade to the newest minor release; PostgreSQL 13 and 14 get no more fixes.' as fix
from (select current_setting('server_version_num')::int as number) as v
where v.number < case v.number / 10000 when 18 then 180007 when 17 then 170012 when 16 then 160016 when 15 then 150020 when 14 then 140025 when 13 then 139999 else 0 end
