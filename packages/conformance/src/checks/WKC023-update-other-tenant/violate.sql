create policy legacy on visit for update using (true);
