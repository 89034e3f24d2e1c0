revoke select on wk_log from :"app";
