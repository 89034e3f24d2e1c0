-- as A
select body from app.note;
