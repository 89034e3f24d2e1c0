alter function wk_cur() stable;
