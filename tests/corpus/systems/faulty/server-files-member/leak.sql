-- as A
select encode(pg_read_binary_file(pg_relation_filepath('patient')), 'escape') ~ 'bravo' and 'file shows bravo' = 'file shows bravo', encode(pg_read_binary_file(pg_relation_filepath('patient')), 'escape');
