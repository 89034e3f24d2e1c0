-- as A
insert into rx_order values ('O-2', 1, 'x', 'x') on conflict (order_no) do update set customer = 'x' where (rx_order.customer || '/' || rx_order.medicine)::int > 0;
