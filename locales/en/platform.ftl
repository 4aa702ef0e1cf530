# Text
platform-text-too-long = This text is too long. Keep it to { $max } characters or fewer.

# Dates
platform-date-not-read = This date could not be read. Write it like 2026-11-21 or "21 Nov 2026".
platform-date-incomplete = The date is incomplete. Write day, month and year.
platform-date-no-such-day = The calendar has no such day. Check the day and the month.
platform-date-no-such-time = There is no such time. Write the time like 17:30.
platform-date-out-of-range = This year is not accepted. Write the year with four digits.
platform-date-which-calendar = This year may be solar or lunar Hijri. Choose the calendar, or write SH or AH beside the year.

# Numbers and money
platform-number-not-read = This number could not be read. Write it like 12,345.6, without other words.
platform-number-too-large = This number is too large. Check its digits.
platform-number-other-currency = This amount is in another currency. Write it in the currency of this field.
platform-number-ambiguous = The point may separate thousands or decimals. Write the amount like 12,500 or 12.5.

# Identity keys
platform-identity-empty = Nothing was given.
platform-identity-characters = A character in this value does not belong there. Write the digits alone.
platform-identity-length = The number of digits is not right. Compare it with the document.
platform-identity-repeated = All digits are the same; no such number exists. Write the right one or leave the field empty.
platform-identity-check-digit = The check digit does not fit: a digit is wrong or two are swapped. Compare it with the card.
platform-identity-beginning = This number cannot begin with these digits. Compare it with the card.
platform-identity-birth-date = The birth date inside this number does not exist. Compare it with the card.
platform-identity-governorate = The governorate inside this number does not exist. Compare it with the card.
platform-identity-phone = No such phone number exists. For a number abroad, write + and the country code as well.
platform-identity-area-code = The area code is missing or wrong. Write a land line with its area code.
platform-identity-several-phones = There is more than one number here. Write each number on its own.
platform-identity-email = This is not an e-mail address. Write it like name@example.com.
