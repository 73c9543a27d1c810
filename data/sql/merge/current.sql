-- One row per arrived row that is not late.
select arrived.* from arrived anti join late on arrived.position = late.position
