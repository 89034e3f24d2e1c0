revoke pg_read_server_files from :"app";
