do $$begin execute format('alter database %I reset password_encryption', current_database()); end$$;
