-- Splits at white space and ASCII punctuation only: vowel signs of Indian scripts are not alphanumeric to a regular expression.
create function wardkeep.words(value text) returns setof text
  language sql immutable parallel safe
begin atomic
  select distinct w from regexp_split_to_table(lower(value), '[\s,.;:/()"''_-]+') w where w <> '';
end;
comment on function wardkeep.words(text) is 'The lower-case words of a text, for the word table.';

create function wardkeep.digit_word(value text) returns text
  language sql immutable parallel safe
  return '#' || reverse(regexp_replace(value, '\D', '', 'g'));
comment on function wardkeep.digit_word(text) is 'The digits of a text backwards behind #, so that last digits become a prefix.';
