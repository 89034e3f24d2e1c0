-- control as A
select * from api.my_documents();
-- as A
select d.* from api.download('nashik/2026/0001.pdf', api.sign_download('nashik/2026/0001.pdf')) d;
