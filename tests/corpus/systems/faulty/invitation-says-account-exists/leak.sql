-- as A
select invite_colleague('clerk1@bernina.example', 'clerk') as answer;
-- control as A
select invite_colleague('nobody@bernina.example', 'clerk') as answer;
select email, full_name from account;
select what from event;
