create publication wk_all for table visit;
