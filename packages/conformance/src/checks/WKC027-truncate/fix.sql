revoke truncate on visit_line from :"app";
