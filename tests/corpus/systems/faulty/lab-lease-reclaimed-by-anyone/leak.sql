-- as A
select no, payload from claim_transmissions(50);
-- control as A
select no, payload from transmission;
select finish_transmission(2);
