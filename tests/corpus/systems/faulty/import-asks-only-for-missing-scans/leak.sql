-- as A
select 'held by another practice' as verdict
  from (select encode(sha256(convert_to('Patient 1 of Praxis Bille ' || 'br' || 'avo', 'UTF8')), 'hex') as hash) guess
 where hash not in (select archive.missing_scans(array[hash])) and not exists (select from archive.scan where sha256 = hash);
-- control as A
select 'held by another practice' as verdict
  from (select encode(sha256(convert_to('Patient 9 of Praxis Bille', 'UTF8')), 'hex') as hash) guess
 where hash not in (select archive.missing_scans(array[hash])) and not exists (select from archive.scan where sha256 = hash);
select * from archive.find_pages('kollegen');
