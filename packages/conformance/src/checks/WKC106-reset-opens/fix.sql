alter role :"app" reset app.branch;
