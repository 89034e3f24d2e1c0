create table wk_plain (branch_id int not null, words text not null);
insert into wk_plain values (1, 'only the first has this'), (2, 'only the second has this');
create view wk_filter as select words from wk_plain where branch_id = nullif(current_setting('app.branch', true), '')::int;
grant select on wk_filter to :"app";
