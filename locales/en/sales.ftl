# Purchases.
purchases-lines-too-many = An invoice takes up to { $max } lines. Import a longer one from a file.
purchases-currency-unknown = This currency is not known. Enter its three-letter code, such as IRR.
purchases-invoice-taken = There is an invoice with this number already. Check the number.
