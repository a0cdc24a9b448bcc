-- name: keep_seller
INSERT INTO seller_belief (seller, belief) VALUES (:name, :belief)
ON CONFLICT (seller) DO UPDATE SET belief = excluded.belief;

-- name: keep_book
INSERT INTO book_belief (subject, kept_us, belief) VALUES (:name, :kept_us, :belief)
ON CONFLICT (subject) DO UPDATE SET kept_us = excluded.kept_us, belief = excluded.belief;

-- name: sellers
SELECT seller, belief FROM seller_belief LIMIT :most;

-- name: books_newest_first
SELECT subject, belief FROM book_belief ORDER BY kept_us DESC;

-- name: drop_seller
DELETE FROM seller_belief WHERE seller = :name;

-- name: drop_book
DELETE FROM book_belief WHERE subject = :name;

-- name: drop_surplus_books
DELETE FROM book_belief WHERE kept_us < (
  SELECT kept_us FROM book_belief ORDER BY kept_us DESC LIMIT 1 OFFSET :most);

-- name: note_feedback
INSERT OR IGNORE INTO feedback (request_id, word, said_us) VALUES (:request_id, :word, :said_us);

-- name: drop_old_feedback
DELETE FROM feedback WHERE said_us < :before_us;
