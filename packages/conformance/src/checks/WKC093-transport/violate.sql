do $$begin execute format('alter database %I set password_encryption = ''md5''', current_database()); end$$;
