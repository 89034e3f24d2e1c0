create function wardkeep.pad(secret bytea, mask integer) returns bytea
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
declare
  block bytea := secret || decode(repeat('00', 64 - octet_length(secret)), 'hex');
begin
  for i in 0..63 loop
    block := set_byte(block, i, get_byte(block, i) # mask);
  end loop;
  return block;
end
$$;
comment on function wardkeep.pad(bytea, integer) is 'Internal: the key block of RFC 2104, XORed with the mask.';

create function wardkeep.add_key(kid text, secret bytea) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(secret) is distinct from 32 then
    raise exception 'a signing key has 32 bytes' using errcode = 'WK009';
  end if;
  insert into wardkeep.signing_key (kid, inner_pad, outer_pad)
  values (add_key.kid, wardkeep.pad(secret, 54), wardkeep.pad(secret, 92));
  insert into wardkeep.activity (kind, detail) values ('key_added', jsonb_build_object('kid', add_key.kid));
end
$$;
comment on function wardkeep.add_key(text, bytea) is 'Adds a signing key; old and new are valid side by side. For the owner.';

create function wardkeep.retire_key(kid text, end_sessions boolean) returns integer
  language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  ended integer := 0;
begin
  perform wardkeep.require_read_committed();
  update wardkeep.signing_key k set retired_at = now() where k.kid = retire_key.kid and k.retired_at is null;
  if not found then
    raise exception 'no live key has this id' using errcode = 'WK009';
  end if;
  if end_sessions then
    perform from wardkeep.session s where s.kid = retire_key.kid and s.ended_at is null order by s.id for update;
    perform from wardkeep.token t join wardkeep.session s on s.id = t.session_id and s.kid = retire_key.kid and s.ended_at is null
      order by t.digest for update of t;
    select count(*) filter (where wardkeep.end_session(s.id, 'key retired')) into ended
      from wardkeep.session s where s.kid = retire_key.kid and s.ended_at is null;
  end if;
  insert into wardkeep.activity (kind, detail) values ('key_retired', jsonb_build_object('kid', retire_key.kid, 'ended', ended));
  return ended;
end
$$;
comment on function wardkeep.retire_key(text, boolean) is
  'Refuses new requests under a key and, if asked, ends every session issued under it. For the owner. Fails with WK009.';
