# Relations between customers, and acts on many of them.
bulk-too-many = This takes in more than { $max } customers. Narrow the filter.
bulk-owner-unknown = There is no such colleague, or they are out of your reach.
relations-until-before = The relation ends before it begins. Check the dates.
relations-to-oneself = A customer has no relation to themselves. Choose another customer.
relations-there = This relation is there already.
relations-inverse-parent-of = Child of
relations-inverse-employee-of = Employer of
relations-inverse-manager-of = Reports to
relations-inverse-buyer-for = Bought for by
relations-inverse-introduced-by = Introduced
relations-inverse-supplier-of = Supplied by
relations-inverse-branch-of = Parent organisation of
