alter role :"app" set app.jwt_secret = '0123456789abcdef';
