-- as A
select patient, door_code from home_case;
