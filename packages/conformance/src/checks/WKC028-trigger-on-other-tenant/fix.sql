revoke trigger on visit from :"app";
