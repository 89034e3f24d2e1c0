revoke references on patient from :"app";
drop schema wk_own cascade;
