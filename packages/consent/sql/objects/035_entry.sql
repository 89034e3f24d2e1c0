create function wardkeep_consent.required(doc jsonb, keys text[]) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  missing text := (select string_agg(k, ', ' order by n) from unnest(keys) with ordinality u(k, n)
                    where coalesce(jsonb_typeof(doc -> k), '') <> 'string' or btrim(doc ->> k) = '');
begin
  if missing is not null then
    perform wardkeep_consent.refuse('the entry lacks: ' || missing);
  end if;
end
$$;
comment on function wardkeep_consent.required(jsonb, text[]) is 'Internal: these texts are there and not empty, or WK503.';

create function wardkeep_consent.entry(doc jsonb, kind text) returns wardkeep_consent.event
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
  e wardkeep_consent.event;
begin
  e.kind := entry.kind;
  e.notice := (doc ->> 'notice')::uuid;
  e.language := doc ->> 'language';
  e.given_by := doc ->> 'by';
  e.representation := (doc ->> 'representation')::uuid;
  e.channel := doc ->> 'channel';
  e.method := doc ->> 'method';
  e.evidence := doc ->> 'evidence';
  e.evidence_sha256 := decode(doc ->> 'evidenceSha256', 'hex');
  if e.evidence_sha256 is not null and octet_length(e.evidence_sha256) <> 32 then
    perform wardkeep_consent.refuse('evidenceSha256 is the SHA-256 of a file, in hexadecimal');
  end if;
  return e;
exception when data_exception then
  perform wardkeep_consent.refuse('notice and representation are ids, evidenceSha256 is hexadecimal');
end
$$;
comment on function wardkeep_consent.entry(jsonb, text) is 'Internal: what a caller says of an act, as an event that is not written yet. Fails with WK503.';

-- The reference alone would tell whether an event of somebody else exists.
create function wardkeep_consent.unnamed(e wardkeep_consent.event) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if e.representation is not null then
    perform wardkeep_consent.refuse('only what somebody else decides for a person names a representation');
  end if;
end
$$;
comment on function wardkeep_consent.unnamed(wardkeep_consent.event) is 'Internal: an act that rests on no representation names none, or WK503.';

-- In a confined context the person may be the one who asks, and nobody verifies who acts for oneself.
create function wardkeep_consent.for_staff() returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
  if (wardkeep.verified()).subjects is not null then
    perform wardkeep_consent.refuse('a context that is confined to subjects does not record this; staff does');
  end if;
end
$$;
comment on function wardkeep_consent.for_staff() is 'Internal: the context is not confined to subjects, or WK503.';
