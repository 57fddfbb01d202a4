-- The files of one room, without looking at those of all others.
CREATE INDEX file_uses_place ON file_uses (place);
