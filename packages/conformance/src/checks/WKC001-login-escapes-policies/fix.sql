alter role :"app" nobypassrls;
