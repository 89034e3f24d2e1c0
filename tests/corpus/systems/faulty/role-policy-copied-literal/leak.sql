-- as A
select caption from photo;
