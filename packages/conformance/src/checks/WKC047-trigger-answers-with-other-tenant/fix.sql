alter function wk_fill() security invoker;
