grant trigger on visit to :"app";
