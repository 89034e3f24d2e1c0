-- The host's login runs on the issuer's connection: it may read credentials, and spend a one-time code.
grant select on account to wk_demo_issuer;
grant update (totp_step) on account to wk_demo_issuer;
