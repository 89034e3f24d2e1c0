alter table visit drop scan;
