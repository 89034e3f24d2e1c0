alter function wk_visit(int) security invoker;
