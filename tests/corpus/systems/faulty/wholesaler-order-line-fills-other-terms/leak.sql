-- as A
insert into purchase_line (pharmacy, purchase_no, line, pzn, qty) values ('whterms_adler', 1, 7, '07712', 20) returning cents, terms;
-- control as A
insert into return_slip (pharmacy, no, pzn, qty, reason) values ('whterms_adler', 7, '07712', 1, 'too many') returning cents, terms;
select * from purchase_line where line < 7;
select * from consignment;
-- control as A
insert into purchase_line (pharmacy, purchase_no, line, pzn, qty) values ('whterms_baeren', 1, 7, '07712', 20) returning cents, terms;
-- control as A
select * from agreed_terms;
