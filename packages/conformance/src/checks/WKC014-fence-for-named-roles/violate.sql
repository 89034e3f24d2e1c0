create policy fence on visit as restrictive for all to :"app" using (true);
