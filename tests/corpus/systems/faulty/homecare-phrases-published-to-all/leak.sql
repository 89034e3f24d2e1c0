-- as A
select body from care_phrase;
-- control as A
select * from phrase_picker;
select * from visit;
-- control as A
select body from care_phrase where published_at is null;
