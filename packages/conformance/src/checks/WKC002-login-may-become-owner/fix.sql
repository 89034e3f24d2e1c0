revoke :"other" from :"app";
alter table patient owner to current_user;
