-- as A
select clinic, word from patient_word;
