-- as A
select person, sputum from tb_contact;
