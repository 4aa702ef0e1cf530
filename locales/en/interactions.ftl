# What passed between us and a customer.
interactions-customer-unknown = No customer goes by this. Check the customer code, phone or national ID.
interactions-customer-several = Several customers share this number or address. Enter the customer code.
interactions-at-future = This time has not come yet. Enter a time that has passed.
interactions-changed-meanwhile = This entry has been changed since. Reload the page and look at it again.
interactions-minutes-unread = Write the minutes as a number, such as 15.
interactions-next-usual = Follow up
