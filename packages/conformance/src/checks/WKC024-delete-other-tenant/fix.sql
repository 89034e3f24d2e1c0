drop policy legacy on visit_line;
