-- as A
select what from api.timeline(1) where kind = 'imaging';
