grant select on patient to :"other";
alter table patient owner to :"other";
grant :"other" to :"app" with admin option;
