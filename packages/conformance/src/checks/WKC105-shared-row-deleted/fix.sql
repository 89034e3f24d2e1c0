revoke delete on drug from :"app";
