-- as A
select patient, reason from search_appointments();
