-- as A
select t.page, t.body from attachment_text t where to_tsvector('simple', t.body) @@ to_tsquery('simple', 'discharge');
