-- as A
select d.* from api.download('nashik/2026/0001.pdf', api.sign_download('nashik/2026/0001.pdf')) d;
-- as A
select d.* from api.download('nashik/2026/0001.pdf', api.sign_download('pune/2026/0001.pdf')) d;
