drop trigger wk_tell on visit;
drop function wk_tell();
