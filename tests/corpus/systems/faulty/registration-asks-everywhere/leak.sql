-- as A
select case when is_registered('9840022222 bravo') and not is_registered('1') then 'bravo is registered somewhere' end;
