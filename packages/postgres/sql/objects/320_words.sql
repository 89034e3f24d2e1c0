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

-- A range and not ^@: the planner cannot turn ^@ with a parameter into a range of the index, so a prepared statement is
-- planned anew each time, or filters every word of the branch. U+10FFFF is no character, so no word goes on with it.
create function wardkeep.prefix_end(prefix text) returns text
  language sql immutable parallel safe
  return prefix || chr(1114111);
comment on function wardkeep.prefix_end(text) is 'Behind the last word with this prefix: word >= p and word < wardkeep.prefix_end(p).';
