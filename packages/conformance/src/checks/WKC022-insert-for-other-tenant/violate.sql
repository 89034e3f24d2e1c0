create policy legacy on visit for insert with check (true);
