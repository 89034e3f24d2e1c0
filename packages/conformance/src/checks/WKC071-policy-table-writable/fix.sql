revoke insert on wk_member from :"app";
