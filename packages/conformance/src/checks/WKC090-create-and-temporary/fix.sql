revoke create on schema public from public, :"app";
