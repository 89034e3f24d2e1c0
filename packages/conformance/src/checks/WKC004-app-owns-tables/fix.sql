alter table visit owner to current_user;
