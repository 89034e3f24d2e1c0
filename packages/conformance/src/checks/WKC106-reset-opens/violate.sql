alter role :"app" set app.branch = '2';
