-- control as A
select suggest_slug('Bright smile');
-- as A
select suggest_slug('Smile care');
