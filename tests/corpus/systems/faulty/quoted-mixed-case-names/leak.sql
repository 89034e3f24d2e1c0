-- as A
select "Note" from "Hospital"."Nursing Chart";
