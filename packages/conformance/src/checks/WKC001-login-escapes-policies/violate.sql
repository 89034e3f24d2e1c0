alter role :"app" bypassrls;
