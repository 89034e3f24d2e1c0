create policy legacy on visit_line for delete using (true);
