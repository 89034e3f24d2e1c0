-- as A
select patient, right_eye from refraction;
