-- as A
insert into card.patient (node, mrn, name) values ('n1', 2002, 'x') on conflict (mrn) do update set ef_percent = 0 where patient.name::int = 0;
