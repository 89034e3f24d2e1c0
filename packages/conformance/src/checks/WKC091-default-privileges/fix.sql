alter default privileges revoke select on tables from :"app";
