grant truncate on visit_line to :"app";
