alter role :"app" reset app.jwt_secret;
