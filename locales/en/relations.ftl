# Relations between customers, and acts on many of them.
bulk-too-many = This takes in more than { $max } customers. Narrow the filter.
bulk-owner-unknown = There is no such colleague, or they are out of your reach.
relations-until-before = The relation ends before it begins. Check the dates.
relations-to-oneself = A customer has no relation to themselves. Choose another customer.
relations-there = This relation is there already.
