-- as A
select patient, regimen from tb_case;
