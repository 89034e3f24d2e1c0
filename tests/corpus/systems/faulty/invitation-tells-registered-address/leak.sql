-- control as A
select invite_colleague('anna@seelenruh.example', 'psy');
select invite_colleague('nobody@talkroom.example', 'psy');
select invite_colleague('new@mindwell.example', 'psy');
select * from colleague;
-- as A
select invite_colleague('karl@mindwell.example', 'psy');
