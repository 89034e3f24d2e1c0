alter view wk_filter set (security_barrier);
