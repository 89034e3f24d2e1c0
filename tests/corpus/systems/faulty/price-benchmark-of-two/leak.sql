-- control as A
select 'the other asks ' || price from tariff where test = 'CBC';
-- as A
select 'the other asks ' || (b.average * b.labs - t.price)::int from price_benchmark b join tariff t using (test) where b.labs = 2;
