drop publication wk_all;
