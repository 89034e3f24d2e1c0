-- as A
select * from api.find_sale('%'' or ''1'' = ''1');
select * from api.find_sale('', 'drug; select 1');
select * from api.find_sale('%');
-- as A, without context
select * from api.find_sale('');
