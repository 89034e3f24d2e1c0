-- as A
select patient, why from xfer;
