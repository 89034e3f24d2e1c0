-- control as A
select * from letters.letter;
-- as A
select * from letters.fetch('{"clinic": "0190aaaa-0000-7000-8000-00000000000a", "serial": 7002}');
