create policy legacy on visit for select using (true);
