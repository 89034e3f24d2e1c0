drop view wk_view;
