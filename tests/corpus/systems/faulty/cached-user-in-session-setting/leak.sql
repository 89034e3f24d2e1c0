-- as B
select body from letter;
-- as A, same connection
select body from letter;
