-- as A
select no from finding where looks_like(words, repeat('%', 21));
