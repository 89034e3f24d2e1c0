grant references on patient to :"app";
create schema wk_own authorization :"app";
