-- as A
select job_is_ready('80000000-0000-4000-8000-000000000001'), * from export_chunk;
