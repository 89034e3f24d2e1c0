alter table visit owner to :"app";
