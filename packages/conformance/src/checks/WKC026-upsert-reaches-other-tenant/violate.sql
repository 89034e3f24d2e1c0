alter table patient add unique (mrn);
