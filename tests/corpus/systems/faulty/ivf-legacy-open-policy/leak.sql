-- as A
select note from ivf.embryo;
