# What is bought together in one purchase.
insight-rules-share = Enter a share above 0 and up to 1.
insight-rules-too-many = More sets of products are that frequent than can be looked at. Ask for a higher support.
insight-rules-too-long = { $lines } lines of purchases are more than { $most }. Ask for fewer days.
