ALTER TABLE accounts ADD COLUMN scram BLOB; -- what SCRAM needs of the password; NULL until it has been typed once
