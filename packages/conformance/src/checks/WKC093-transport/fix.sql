set password_encryption = 'scram-sha-256';
