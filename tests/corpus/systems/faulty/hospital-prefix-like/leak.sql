-- as A
select patient, summary from discharge where site_id <> 1;
